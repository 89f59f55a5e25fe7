import type { Migrated } from '../../ports.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { dryRunOption, type PortsCall } from './options.ts';
import { rowOf } from './row.ts';
import { explicitPath, settingsOf, withPorts } from './settings.ts';

const options = {
  from: { type: 'text', value: 'PATH', help: 'Where the reservations are', required: true },
  to: { type: 'text', value: 'PATH', help: 'Where they shall be', required: true },
  recursive: { type: 'flag', help: 'Also those of every directory below' },
  force: { type: 'flag', help: 'Replace reservations at the destination' },
  ...dryRunOption,
} as const satisfies OptionTable;

type MigrateCall = PortsCall<typeof options>;

export const migrate: Command = {
  options,
  async run(call: MigrateCall) {
    const { force, json, recursive } = call.options;
    const dryRun = call.options['dry-run'] ?? false;
    const settings = await settingsOf(call);
    const from = await explicitPath(call, call.options.from ?? '');
    const to = await explicitPath(call, call.options.to ?? '');
    const result = await withPorts(call, settings, (ports) =>
      ports.migrate(from, to, { recursive, force, dryRun }),
    );
    if (json) call.out(jsonText({ from, to, dry_run: dryRun, ...report(result) }));
    else if (settings.isQuiet && !dryRun) call.out(`${to}\n`);
    if (!settings.isQuiet) describe(call, result, from, to);
    return 0;
  },
};

function describe(
  call: MigrateCall,
  { moved, replaced }: Migrated,
  from: string,
  to: string,
): void {
  call.note('Migration plan:');
  call.note(`  From: ${from}`);
  call.note(`  To:   ${to}`);
  call.note(`  Mode: ${call.options.recursive ? 'recursive' : 'exact'}`);
  if (moved.length === 0) {
    call.note('No reservations to migrate.');
    return;
  }
  for (const item of moved) {
    const tag = item.from.tag === undefined ? '' : `, tag: ${item.from.tag}`;
    call.note(`  ${item.from.path} -> ${item.to} (port ${item.from.port}${tag})`);
  }
  if (call.options['dry-run']) {
    call.note('Dry run - no changes made.');
    return;
  }
  call.note('Migration complete:');
  call.note(`  Migrated: ${moved.length} reservation(s)`);
  if (replaced.length > 0) call.note(`  Conflicts resolved: ${replaced.length}`);
}

function report({ moved, replaced }: Migrated) {
  return {
    migrated: moved.map((item) => ({ ...rowOf(item.from), to: item.to })),
    conflicts_resolved: replaced.map(rowOf),
  };
}
