import type { AnyDeclared } from '../declare/declaration.ts';
import { type Operation, shortJson } from '../declare/operation.ts';
import { type Damage, damagesOf } from '../faults/damage.ts';
import { type DirectoryImage, readImage, writeImage } from '../faults/directory-image.ts';
import type { DamageFault } from '../faults/fault.ts';
import { checkLinearizable } from '../order/linearizable.ts';
import type { FaultReport } from '../report/report.ts';
import type { Job } from '../run/protocol.ts';
import type { Crashed } from './crash-judge.ts';
import type { Inspector } from './inspector.ts';
import { type Judgement, type JudgeOptions, nextProcess } from './judge.ts';
import type { Violation } from './verdict.ts';

/** Time for a store to be opened and read, or to refuse. */
const INSPECT_MS = 10_000;

/** Or that many times what it takes when nothing is damaged. */
const PATIENCE = 20;

/** Time for all damage of a repetition. */
const DAMAGE_MS = 30_000;

const VIOLATIONS_MAX = 20;

export interface DamageOptions extends JudgeOptions {
  readonly fault: DamageFault;
  readonly seed: string;
  readonly inspector: Inspector;
  readonly job: Job;
  /** Longest time in which no operation returns. */
  readonly stallMs: number;
  /** Of the directory before any client came. */
  readonly older: DirectoryImage;
}

export interface DamageFindings extends Judgement {
  readonly report: FaultReport;
}

/**
 * Damages the files that a repetition has left, one thing at a time, and has a worker open and read
 * them. The store may refuse; what it answers must be right; it must not crash or hang.
 */
export async function judgeDamage(
  { declared, repetition, dir }: Crashed,
  options: DamageOptions,
): Promise<DamageFindings> {
  const { fault, seed, repeat, older, inspector, clock, stallMs } = options;
  const { operations } = repetition;
  const job = { ...options.job, clientCount: nextProcess(operations) };
  const image = readImage(dir);
  const startedAt = performance.now();
  const sound = await inspector.inspect(job, clock(), stallMs);
  if (sound.kind !== 'read') return undone(`undamaged it cannot be read: ${sound.reason}`);
  const soundMs = performance.now() - startedAt;
  const limitMs = Math.min(stallMs, Math.max(INSPECT_MS, PATIENCE * soundMs));
  const orderWith = (reads: readonly Operation[]) =>
    checkLinearizable(declared, [...operations, ...reads]);
  const isJudged = hasSpecs(declared) && orderWith(sound.operations) === undefined;
  const damages = damagesOf(image.files, { ...fault, seed, older });
  const deadline = performance.now() + DAMAGE_MS;
  const tally = { armed: 0, refused: 0, unclear: new Map<string, number>() };
  const violations: Violation[] = [];
  const doubts = new Set<string>();
  for (const damage of damages) {
    if (performance.now() > deadline || violations.length >= VIOLATIONS_MAX) break;
    writeImage(image, dir);
    damage.apply(dir);
    tally.armed += 1;
    const found = await inspector.inspect(job, clock(), limitMs);
    const told = (message: string, shown: readonly Operation[] = []) =>
      violations.push({ invariant: 'damage', message, repeat, operations: shown, alike: 0 });
    if (found.kind === 'refused') {
      tally.refused += 1;
      if (!found.hasCode) count(tally.unclear, found.reason);
    } else if (found.kind === 'read') {
      const reads = found.operations.filter(({ outcome }) => outcome === 'ok');
      const isWrong = isJudged && orderWith(reads)?.kind === 'illegal';
      if (isWrong) told(unnoticed(damage, reads), reads);
      else if (reads.length < found.operations.length) tally.refused += 1;
    } else if (found.kind === 'late') doubts.add(`damage: ${found.reason}`);
    else told(`${damage.target}: ${found.reason}`);
  }
  writeImage(image, dir);
  const { armed, refused, unclear } = tally;
  const part = armed < damages.total ? ` of ${damages.total} that there could be` : '';
  const rest = isJudged
    ? `was right about the rest but ${violations.length}`
    : 'nobody can say whether it was right about the rest: it takes finalReads, a model and specs, and an order of what was done before';
  return {
    violations,
    doubts: [...doubts],
    report: { fault: 'damage', armed, hit: refused, windows: [], skipped: undefined },
    notes: [
      `damage: ${armed}${part}; the store refused ${refused}, and ${rest}`,
      ...[...unclear].map(([reason, times]) => `damage was met ${times} times with: ${reason}`),
    ],
  };
}

function undone(reason: string): DamageFindings {
  const report = { fault: 'damage', armed: 0, hit: 0, windows: [], skipped: reason };
  return { violations: [], doubts: [`damage: ${reason}`], notes: [], report };
}

/** Where there is none, no answer can be. */
function hasSpecs({ model, ops, finalReads = [] }: AnyDeclared): boolean {
  return (
    model !== undefined && finalReads.length > 0 && Object.values(ops).every(({ spec }) => spec)
  );
}

function unnoticed({ target }: Damage, reads: readonly Operation[]): string {
  const [first] = reads;
  const answer = first ? `${first.f} answered ${shortJson(first.output)}` : '';
  return `${target} went unnoticed: ${answer}`;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
