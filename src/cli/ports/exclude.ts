import type { Ports } from '../../ports.ts';
import type { Command, OptionTable } from '../command.ts';
import { invalidArgument } from '../failure.ts';
import { jsonText } from '../text.ts';
import { dryRunOption, type PortsCall } from './options.ts';
import { editOptionsOf, settingsOf, withPorts } from './settings.ts';

const options = {
  global: { type: 'flag', help: 'In the file of the user, not of the project' },
  force: { type: 'flag', help: 'Even if a port is reserved' },
} as const satisfies OptionTable;

export const exclude: Command = {
  options,
  args: [{ name: 'PORT_OR_RANGE', help: 'Port, or range as in 8080..8090', required: true }],
  async run(call: PortsCall<typeof options>) {
    const { addExclusions, exclusionTarget, parseExclusion } = await import(
      '../../ports-config.ts'
    );
    const settings = await settingsOf(call);
    const range = parseExclusion(call.args[0] ?? '');
    const reservedIn = () =>
      withPorts(call, settings, (ports) => lowestReserved(ports, range.min, range.max));
    const reserved = call.options.force ? undefined : await reservedIn();
    if (reserved !== undefined) {
      throw invalidArgument(`Port ${reserved} is reserved. Use --force to override.`);
    }
    const { dataDir } = settings;
    const file = exclusionTarget({ cwd: call.cwd, dataDir, global: call.options.global });
    const { added } = await addExclusions(file, [range], editOptionsOf(call, settings));
    if (call.options.json) call.out(jsonText({ file, added }));
    else if (!settings.isQuiet) {
      call.out(
        added.length > 0 ? `Added exclusion to ${file}\n` : `Exclusion already exists in ${file}\n`,
      );
    }
    // The store and the file have a lock each: in between the port may have been reserved.
    const meanwhile = call.options.force ? undefined : await reservedIn();
    if (meanwhile !== undefined) {
      call.note(`Warning: port ${meanwhile} was reserved meanwhile, and stays so until released`);
    }
    return 0;
  },
};

async function lowestReserved(ports: Ports, min: number, max: number): Promise<number | undefined> {
  let lowest: number | undefined;
  for await (const { port } of ports.all()) {
    if (min <= port && port <= max && !(lowest !== undefined && lowest < port)) lowest = port;
  }
  return lowest;
}

export const compactExclusions: Command = {
  options: dryRunOption,
  args: [{ name: 'FILE', help: 'Configuration file', required: true }],
  async run(call: PortsCall<typeof dryRunOption>) {
    const config = await import('../../ports-config.ts');
    const [file = ''] = call.args;
    const dryRun = call.options['dry-run'] ?? false;
    const settings = await settingsOf(call, {}, { skipFiles: true });
    const { after, before, exclusions } = await config.compactExclusions(file, {
      ...editOptionsOf(call, settings),
      cwd: call.cwd,
      dryRun,
    });
    if (call.options.json) call.out(jsonText({ file, dry_run: dryRun, before, after, exclusions }));
    else if (before === 0) call.out('No exclusions to compact\n');
    else if (before === after) call.out('Exclusions already optimal\n');
    else {
      call.out(`Compacted ${before} exclusions to ${after}\n`);
      if (!dryRun) call.out(`Updated ${file}\n`);
      else {
        const would = exclusions.map(config.formatExclusion).join(', ');
        call.out(`Dry run - no changes made\nWould save: ${would}\n`);
      }
    }
    return 0;
  },
};
