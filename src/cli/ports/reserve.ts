import type { Reserved, ReserveOptions } from '../../ports.ts';
import type { ConfigLayer } from '../../ports-config.ts';
import type { Command, OptionTable } from '../command.ts';
import { invalidArgument } from '../failure.ts';
import { jsonText } from '../text.ts';
import { warnEphemeral } from './ephemeral-warning.ts';
import {
  dryRunOption,
  occupancyOptions,
  type PortsCall,
  pathOption,
  permissionOptions,
  rangeOptions,
} from './options.ts';
import { portOption } from './port-number.ts';
import { rowOf } from './row.ts';
import {
  occupancyLayer,
  permissionLayer,
  type Settings,
  settingsOf,
  tagOf,
  targetPath,
  withPorts,
} from './settings.ts';

/** What says which reservation is meant and how it comes about; `exec` takes the same. */
export const reserveOptions = {
  ...pathOption,
  tag: { type: 'text', value: 'TAG', help: 'One of several reservations of the directory' },
  branch: { type: 'flag', help: 'Key by repository and git branch, the same in every worktree' },
  project: { type: 'text', value: 'PROJECT', help: 'Project', conflicts: ['clear-project'] },
  'clear-project': { type: 'flag', help: 'Keep no project' },
  task: { type: 'text', value: 'TASK', help: 'Task', conflicts: ['clear-task'] },
  'clear-task': { type: 'flag', help: 'Keep no task' },
  port: { type: 'text', value: 'PORT', help: 'Port to take if it is free' },
  ...rangeOptions,
  overwrite: { type: 'flag', help: 'Choose a port anew for a reservation that exists' },
  'ignore-occupied': { type: 'flag', help: 'Take --port even if it is in use' },
  'ignore-exclusions': { type: 'flag', help: 'Take --port even if it is excluded' },
  lease: { type: 'flag', help: 'End the reservation with the process that asked for it' },
  'disable-autoprune': { type: 'flag', help: 'Do not prune when the range is exhausted' },
  'disable-autoexpire': { type: 'flag', help: 'Do not expire when the range is exhausted' },
  'disable-autoclean': { type: 'flag', help: 'Neither of the two' },
  ...permissionOptions,
  ...occupancyOptions,
} as const satisfies OptionTable;

const options = {
  ...reserveOptions,
  output: {
    type: 'text',
    value: 'FORM',
    choices: ['plain', 'human'],
    help: 'Form of the output',
    conflicts: ['json'],
  },
  ...dryRunOption,
} as const satisfies OptionTable;

export type ReserveCall = PortsCall<typeof reserveOptions>;

export const reserve: Command = {
  options,
  details: `Prints the port. A directory and tag that have one keep it: --port and the range count for new
reservations only, unless --overwrite is given. With --branch the reservation belongs to the
repository's main worktree, under the tag TAG@BRANCH. With --lease it ends with the process that
ran this one: the shell. TROP_COMPAT=seed makes \`--output human\` the default.`,
  async run(call: PortsCall<typeof options>) {
    const request = await requestOf(call);
    const { json, output } = call.options;
    const { isQuiet } = request.settings;
    if (call.options['dry-run']) {
      if (!isQuiet) {
        call.note('Dry run - would perform the following actions:');
        call.note(`  1. Reserve a port for ${request.path}`);
      }
      return 0;
    }
    const reserved = await withPorts(call, request.settings, (ports) =>
      ports.reserve(request.path, request.options),
    );
    if (!isQuiet) await report(call, reserved);
    const isHuman = output === 'human' || (output === undefined && call.env.TROP_COMPAT === 'seed');
    if (json) call.out(jsonText({ ...rowOf(reserved), outcome: reserved.outcome }));
    else call.out(isHuman ? `Port: ${reserved.port}\n` : `${reserved.port}\n`);
    return 0;
  },
};

/** Everything that the flags of a reservation come to, before the store is opened. */
export async function requestOf(call: ReserveCall): Promise<Request> {
  const { options } = call;
  const port = portOption('port', options.port);
  const settings = await settingsOf(call, layerOf(call));
  const key = await keyOf(call, settings);
  const project = options['clear-project'] ? null : settings.project;
  const task = options['clear-task'] ? null : settings.task;
  // Two small files to read, and only when something is left to infer.
  const isComplete = project !== undefined && task !== undefined;
  const facts = isComplete ? undefined : await gitFactsOf(call);
  return {
    settings,
    path: key.path,
    options: {
      tag: key.tag,
      project,
      task,
      inferProject: facts?.project,
      inferTask: facts?.task,
      port,
      overwrite: options.overwrite,
      ignoreOccupied: options['ignore-occupied'],
      ignoreExclusions: options['ignore-exclusions'],
      force: options.force,
      // A branch is one of the repository that we are in, wherever its main worktree lies.
      relatedTo: options.branch ? undefined : call.cwd,
      // This process ends at once: a lease of its own would be none.
      lease: options.lease ? { owner: process.ppid } : undefined,
      signal: call.signal,
    },
  };
}

export interface Request {
  readonly settings: Settings;
  readonly path: string;
  readonly options: ReserveOptions;
}

function layerOf({ options }: ReserveCall): ConfigLayer {
  const min = portOption('min', options.min);
  const max = portOption('max', options.max);
  if (min !== undefined && max !== undefined && min > max) {
    throw invalidArgument(`Invalid port range: --min ${min} is greater than --max ${max}`);
  }
  return {
    ...permissionLayer(options),
    ...occupancyLayer(options),
    min,
    max,
    project: options.project,
    task: options.task,
    disableAutoprune: options['disable-autoprune'] || options['disable-autoclean'],
    disableAutoexpire: options['disable-autoexpire'] || options['disable-autoclean'],
  };
}

/**
 * The key of the reservation. By branch it is the main worktree of the repository and
 * `tag@branch`, so that a branch keeps its port in whichever worktree it is checked out.
 */
async function keyOf(call: ReserveCall, settings: Settings) {
  const { branch, path } = call.options;
  const tag = await tagOf(call.options.tag);
  if (!branch) return { path: await targetPath(call, settings, path), tag };
  const facts = await gitFactsOf(call);
  if (facts?.branch === undefined) throw invalidArgument('--branch: no git branch is checked out');
  return { path: facts.mainWorktree, tag: `${tag ?? ''}@${facts.branch}` };
}

async function gitFactsOf(call: ReserveCall) {
  const { gitFacts } = await import('../../ports.ts');
  return gitFacts(call.cwd);
}

/** Warnings about what has been reserved. */
export async function report(call: ReserveCall, reserved: Reserved): Promise<void> {
  const { cleaned } = reserved;
  if (cleaned) {
    call.note(
      `Warning: Automatic cleanup after initial port exhaustion pruned ${cleaned.pruned} and expired ${cleaned.expired} reservation(s)`,
    );
  }
  // A kept port was warned about when it was chosen.
  if (reserved.outcome !== 'kept') {
    await warnEphemeral(call, { min: reserved.port, max: reserved.port });
  }
}
