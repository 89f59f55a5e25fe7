import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { ReservedGroup, Service } from '../../ports.ts';
import type { ConfigLayer } from '../../ports-config.ts';
import type { Command, OptionTable, Values } from '../command.ts';
import { Failure, invalidArgument } from '../failure.ts';
import { UsageError } from '../parse.ts';
import { type GroupForm, groupText, type Shell, shellOf } from './group-text.ts';
import { dryRunOption, occupancyOptions, type PortsCall, permissionOptions } from './options.ts';
import {
  occupancyLayer,
  permissionLayer,
  type Settings,
  settingsOf,
  targetPath,
  withPorts,
} from './settings.ts';

const FORMS = ['export', 'json', 'dotenv', 'human'] as const satisfies readonly GroupForm[];

const groupOptions = {
  task: { type: 'text', value: 'TASK', help: 'Task' },
  format: { type: 'text', value: 'FORMAT', choices: FORMS, help: 'Form of the output' },
  shell: { type: 'text', value: 'SHELL', help: 'Shell to export for: bash, zsh, fish, powershell' },
  ...dryRunOption,
  ...permissionOptions,
  ...occupancyOptions,
} as const satisfies OptionTable;

const countedOptions = {
  ...groupOptions,
  count: { type: 'integer', value: 'N', min: 1, max: 1000, help: 'N ports in a row, no CONFIG' },
  path: {
    type: 'text',
    value: 'PATH',
    help: 'Directory of the N ports; the current one by default',
    requires: 'count',
  },
} as const satisfies OptionTable;

type GroupCall = PortsCall<typeof groupOptions>;

/** A group that is about to be reserved. */
interface Group {
  readonly settings: Settings;
  readonly path: string;
  readonly base: number | undefined;
  readonly services: Readonly<Record<string, Service>>;
}

export const reserveGroup: Command = {
  options: countedOptions,
  args: [{ name: 'CONFIG', help: 'File that defines the group' }],
  async run(call: PortsCall<typeof countedOptions>) {
    const { count } = call.options;
    const [file] = call.args;
    if (count !== undefined) return reserveAll(call, await countedGroup(call, count));
    if (file === undefined) throw new UsageError('required arguments are missing:\n  <CONFIG>');
    const path = resolve(call.cwd, file);
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) throw invalidArgument(`Configuration file not found: ${file}`);
    if (!found.isFile()) throw invalidArgument(`Path is not a file: ${file}`);
    const settings = await settingsOf(call, layerOf(call.options), { groupFile: path });
    return reserveAll(call, definedGroup(settings, path));
  },
};

export const autoreserve: Command = {
  options: groupOptions,
  async run(call: GroupCall) {
    const settings = await settingsOf(call, layerOf(call.options));
    const file = settings.projectFile;
    if (file === undefined) {
      const from = realpathSync(call.cwd);
      throw invalidArgument(`No trop configuration file found (searched from: ${from})`);
    }
    const status = await reserveAll(call, definedGroup(settings, file));
    if (!settings.isQuiet) call.note(`Discovered config: ${JSON.stringify(file)}`);
    return status;
  },
};

function layerOf(options: Values<typeof groupOptions>): ConfigLayer {
  return { ...permissionLayer(options), ...occupancyLayer(options), task: options.task };
}

function definedGroup(settings: Settings, file: string): Group {
  const group = settings.reservations;
  if (!group) {
    throw new Failure(6, `validation error for 'reservations': ${basename(file)} defines no group`);
  }
  return {
    settings,
    path: settings.projectDir ?? dirname(file),
    base: group.base,
    services: group.services,
  };
}

/** Ports in a row, tagged `port-0`, `port-1`, … */
async function countedGroup(call: PortsCall<typeof countedOptions>, count: number): Promise<Group> {
  const { numberedServices } = await import('../../ports-config.ts');
  const settings = await settingsOf(call, layerOf(call.options));
  const path = await targetPath(call, settings, call.options.path);
  return { settings, path, base: undefined, services: numberedServices(count) };
}

async function reserveAll(call: GroupCall, group: Group): Promise<number> {
  const { format, json, force } = call.options;
  const { settings } = group;
  const form = json ? 'json' : (FORMS.find((name) => name === format) ?? 'export');
  const shell: Shell | undefined =
    form === 'export' ? shellOf(call.options.shell, call.env) : undefined;
  if (call.options['dry-run']) {
    if (!settings.isQuiet) {
      call.note('Dry run - would perform the following actions:');
      call.note(`  1. Reserve ${Object.keys(group.services).length} ports for ${group.path}`);
    }
    return 0;
  }
  const reserved: ReservedGroup = await withPorts(call, settings, (ports) =>
    ports.reserveGroup(group.path, group.services, {
      base: group.base,
      project: settings.project,
      task: settings.task,
      force,
      relatedTo: call.cwd,
      signal: call.signal,
    }),
  );
  call.out(groupText(reserved, form, shell));
  if (!settings.isQuiet) call.note(`Reserved ${Object.keys(reserved.ports).length} ports.`);
  return 0;
}
