import type { Reservation } from '../../ports.ts';
import type { Command, OptionTable } from '../command.ts';
import { invalidArgument } from '../failure.ts';
import { dryRunOption, type PortsCall, pathOption, unrelatedOption } from './options.ts';
import { jsonText, rowOf } from './row.ts';
import { settingsOf, tagOf, targetPath, withPorts } from './settings.ts';

const options = {
  ...pathOption,
  tag: { type: 'text', value: 'TAG', help: 'Only the reservation with this tag' },
  'untagged-only': { type: 'flag', help: 'Only the reservation without a tag' },
  recursive: { type: 'flag', help: 'Also in every directory below' },
  force: { type: 'flag', help: 'Overrides every protection' },
  ...unrelatedOption,
  ...dryRunOption,
} as const satisfies OptionTable;

type ReleaseCall = PortsCall<typeof options>;

export const release: Command = {
  options,
  async run(call: ReleaseCall) {
    const { json, recursive } = call.options;
    const untaggedOnly = call.options['untagged-only'] ?? false;
    if (call.options.tag !== undefined && untaggedOnly) {
      throw invalidArgument('Cannot specify both --tag and --untagged-only');
    }
    const dryRun = call.options['dry-run'] ?? false;
    const settings = await settingsOf(call, {
      allowUnrelatedPath: call.options['allow-unrelated-path'],
    });
    const path = await targetPath(call, settings, call.options.path);
    const tag = await tagOf(call.options.tag);
    const { released } = await withPorts(call, settings, (ports) =>
      ports.release(path, {
        tag,
        untaggedOnly,
        recursive,
        dryRun,
        force: call.options.force,
        relatedTo: call.cwd,
      }),
    );
    if (json) call.out(jsonText({ dry_run: dryRun, released: released.map(rowOf) }));
    if (!settings.isQuiet) describe(call, released);
    return 0;
  },
};

function describe(call: ReleaseCall, released: readonly Reservation[]): void {
  const { recursive } = call.options;
  const count = released.length;
  if (call.options['dry-run']) {
    call.note(`Dry run - would release ${count} reservation(s):`);
    for (const { port, path, tag } of released) {
      call.note(`  - Port ${port}: ${path}${tag === undefined ? '' : ` (tag: ${tag})`}`);
    }
  } else if (recursive) call.note(`Released ${count} reservation(s)`);
  else if (count > 0) call.note('Released reservation successfully');
  else call.note('No reservation found (already released)');
}
