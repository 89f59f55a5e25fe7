import { HoldfastError } from '../../errors.ts';
import type { Occupancy, Ports, Reservation } from '../../ports.ts';
import type { Command, OptionTable } from '../command.ts';
import { invalidArgument } from '../failure.ts';
import { jsonText, plainText } from '../text.ts';
import { dryRunOption, type PortsCall, pathOption, unrelatedOption } from './options.ts';
import { ownerText } from './owner.ts';
import { rowOf } from './row.ts';
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
    const { force } = call.options;
    const looks = !dryRun && !settings.isQuiet;
    const { released, inUse } = await withPorts(call, settings, async (ports) => {
      const wish = { tag, untaggedOnly, recursive, dryRun, force, relatedTo: call.cwd };
      const done = await ports.release(path, wish);
      return { ...done, inUse: looks ? await stillInUse(ports, done.released) : [] };
    });
    if (json) call.out(jsonText({ dry_run: dryRun, released: released.map(rowOf) }));
    if (!settings.isQuiet) describe(call, released);
    for (const { port, listeners } of inUse) {
      const { owner } = listeners.find((listener) => listener.owner?.pid) ?? listeners[0] ?? {};
      call.note(plainText(`Warning: port ${port} is still in use${ownerText(owner)}`));
    }
    return 0;
  },
};

/** More are not looked at: who releases a whole tree knows what he does. */
const LOOKS_MAX = 16;

/** A released port on which somebody listens is given to nobody, and somebody may have forgotten it. */
async function stillInUse(
  ports: Ports,
  released: readonly Reservation[],
): Promise<readonly Occupancy[]> {
  if (released.length > LOOKS_MAX) return [];
  const found = await Promise.all(released.map(({ port }) => look(ports, port)));
  // Whoever has reserved it since may well use it.
  return found.flatMap((one) => (one?.occupied && !one.reservation ? [one] : []));
}

/** The release stands, whatever comes of the look. */
async function look(ports: Ports, port: number): Promise<Occupancy | undefined> {
  try {
    return await ports.occupancy(port);
  } catch (error) {
    if (error instanceof HoldfastError) return undefined;
    throw error;
  }
}

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
