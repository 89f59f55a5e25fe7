import type { Cleaned, Ports, Reservation } from '../../ports.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText } from '../text.ts';
import { dryRunOption, type PortsCall } from './options.ts';
import { optionText, rowOf } from './row.ts';
import { type Settings, settingsOf, withPorts } from './settings.ts';

const daysOption = {
  days: { type: 'integer', value: 'DAYS', help: 'How long unused; 30 by default' },
} as const satisfies OptionTable;

const agedOptions = { ...daysOption, ...dryRunOption } as const satisfies OptionTable;

const cleanupOptions = {
  orphaned: { type: 'flag', help: 'Only prune', conflicts: ['expired'] },
  expired: { type: 'flag', help: 'Only expire' },
  force: { type: 'flag', help: 'Nothing: nothing is asked' },
  ...agedOptions,
} as const satisfies OptionTable;

type CleanupCall = PortsCall<typeof agedOptions>;

/** One kind of cleaning: what it does and how it speaks of it. */
interface Kind {
  clean(ports: Ports, dryRun: boolean): Promise<Cleaned>;
  /** The summary of `count` reservations, and its details when all is said. */
  describe(result: Cleaned, words: Words): string[];
}

interface Words {
  readonly isDryRun: boolean;
  readonly isVerbose: boolean;
  readonly days: number;
}

export const prune: Command = { options: dryRunOption, run: (call) => runKind(call, pruning) };
export const expire: Command = { options: agedOptions, run: (call) => runKind(call, expiring) };
export const autoclean: Command = { options: agedOptions, run: (call) => runKind(call, both) };

/** The name that trop's first draft had for all three. */
export const cleanup: Command = {
  options: cleanupOptions,
  run(call: PortsCall<typeof cleanupOptions>) {
    if (call.options.orphaned) return runKind(call, pruning);
    return runKind(call, call.options.expired ? expiring : both);
  },
};

async function runKind(call: CleanupCall, kind: Kind): Promise<number> {
  const { days, json } = call.options;
  const isDryRun = call.options['dry-run'] ?? false;
  const settings: Settings = await settingsOf(call, { expireAfterDays: days });
  const result = await withPorts(call, settings, (ports) => kind.clean(ports, isDryRun));
  const total = result.pruned.length + result.expired.length;
  if (json) call.out(jsonText(report(result, isDryRun)));
  else if (settings.isQuiet && total > 0) call.out(`${total}\n`);
  if (settings.isQuiet) return 0;
  const words = { isDryRun, isVerbose: settings.isVerbose, days: settings.policy.expireAfterDays };
  for (const line of kind.describe(result, words)) call.note(line);
  for (const warning of result.warnings) call.note(`Warning: ${warning}`);
  return 0;
}

function report({ pruned, expired, warnings }: Cleaned, isDryRun: boolean) {
  return {
    dry_run: isDryRun,
    removed: pruned.length + expired.length,
    pruned: pruned.map(rowOf),
    expired: expired.map(rowOf),
    warnings,
  };
}

const pruning: Kind = {
  clean: (ports, dryRun) => ports.prune({ dryRun }),
  describe({ pruned }, { isDryRun, isVerbose }) {
    const count = `${verb(isDryRun, 'remove', 'Removed')} ${pruned.length} reservation(s)`;
    if (!isVerbose) return [`${count} for non-existent paths`];
    return [
      `${count}:`,
      ...pruned.map(
        (item) =>
          `  - ${portAndPath(item)} (tag: ${optionText(item.tag)}, project: ${optionText(item.project)})`,
      ),
    ];
  },
};

const expiring: Kind = {
  clean: (ports, dryRun) => ports.expire({ dryRun }),
  describe({ expired }, { isDryRun, isVerbose, days }) {
    const count = `${verb(isDryRun, 'expire', 'Expired')} ${expired.length} reservation(s)`;
    const summary = `${count} older than ${days} days`;
    if (!isVerbose) return [summary];
    return [
      `${summary}:`,
      ...expired.map(
        (item) =>
          `  - ${portAndPath(item)} (${ageDays(item)} days old, project: ${optionText(item.project)})`,
      ),
    ];
  },
};

const both: Kind = {
  clean: (ports, dryRun) => ports.autoclean({ dryRun }),
  describe({ pruned, expired }, { isDryRun, isVerbose }) {
    const total = pruned.length + expired.length;
    const count = `${verb(isDryRun, 'remove', 'Removed')} ${total} total reservation(s)`;
    if (!isVerbose) return [`${count} (pruned: ${pruned.length}, expired: ${expired.length})`];
    return [
      `${count}:`,
      `Pruned: ${pruned.length}`,
      ...pruned.map((item) => `  - ${portAndPath(item)}`),
      `Expired: ${expired.length}`,
      ...expired.map((item) => `  - ${portAndPath(item)} (${ageDays(item)} days old)`),
    ];
  },
};

function verb(isDryRun: boolean, would: string, did: string): string {
  return isDryRun ? `[DRY RUN] Would ${would}` : did;
}

function portAndPath({ port, path }: Reservation): string {
  return `Port ${port}: ${path}`;
}

function ageDays({ lastUsedAt }: Reservation): number {
  return Math.max(0, Math.floor((Date.now() - lastUsedAt) / 86_400_000));
}
