import type { Crashed } from './crash-judge.ts';
import { type Damage, damagesOf } from './faults/damage.ts';
import { type DirectoryImage, readImage, writeImage } from './faults/directory-image.ts';
import type { DamageFault } from './faults/fault.ts';
import type { JudgeOptions } from './judge.ts';
import { checkLinearizable } from './linearizable.ts';
import type { Operation } from './operation.ts';
import type { Pool } from './pool.ts';
import type { Job } from './protocol.ts';
import type { FaultReport } from './report.ts';
import type { Violation } from './verdict.ts';
import type { Worker } from './worker.ts';

/** Time for a store to be opened and read, or to refuse. */
const INSPECT_MS = 10_000;

/** Time for all damage of a repetition. */
const DAMAGE_MS = 30_000;

const VIOLATIONS_MAX = 20;

export interface DamageOptions extends JudgeOptions {
  readonly fault: DamageFault;
  readonly seed: string;
  readonly pool: Pool;
  /** For a worker that opens the store and reads. */
  readonly job: Job;
  /** Of the directory before any client came. */
  readonly older: DirectoryImage;
}

export interface DamageFindings {
  readonly violations: readonly Violation[];
  readonly report: FaultReport;
  readonly notes: readonly string[];
}

/**
 * Damages the files that a repetition has left, one thing at a time, and has a worker open and read
 * them. The store may refuse; what it answers must be right; it must not crash or hang.
 */
export async function judgeDamage(
  { declared, repetition, dir }: Crashed,
  options: DamageOptions,
): Promise<DamageFindings> {
  const { fault, seed, repeat, older } = options;
  const image = readImage(dir);
  const damages = damagesOf(image.files, { ...fault, seed, older });
  const deadline = performance.now() + DAMAGE_MS;
  const tally = { armed: 0, refused: 0, unclear: new Map<string, number>() };
  const violations: Violation[] = [];
  for (const damage of damages) {
    if (performance.now() > deadline || violations.length >= VIOLATIONS_MAX) break;
    writeImage(image, dir);
    damage.apply(dir);
    tally.armed += 1;
    const found = await inspect(options);
    const told = (message: string, operations: readonly Operation[] = []) =>
      violations.push({ invariant: 'damage', message, repeat, operations, alike: 0 });
    if (found.kind === 'gone') told(`${damage.target}: ${found.reason}`);
    else if (found.kind === 'refused') {
      tally.refused += 1;
      if (!found.hasCode) count(tally.unclear, found.reason);
    } else {
      const reads = found.operations.filter(({ outcome }) => outcome === 'ok');
      const order = checkLinearizable(declared, [...repetition.operations, ...reads]);
      if (order?.kind === 'illegal') told(unnoticed(damage, reads), reads);
      else if (reads.length < found.operations.length) tally.refused += 1;
    }
  }
  writeImage(image, dir);
  const { armed, refused, unclear } = tally;
  const part = armed < damages.total ? ` of ${damages.total} that there could be` : '';
  return {
    violations,
    report: { fault: 'damage', armed, hit: refused, windows: [], skipped: undefined },
    notes: [
      `damage: ${armed}${part}; the store refused ${refused}, and was right about the rest but ${violations.length}`,
      ...[...unclear].map(([reason, times]) => `damage was met ${times} times with: ${reason}`),
    ],
  };
}

function unnoticed({ target }: Damage, reads: readonly Operation[]): string {
  const [first] = reads;
  const answer = first ? `${first.f} answered ${JSON.stringify(first.output)}` : '';
  return `${target} went unnoticed: ${answer}`;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

type Inspection =
  | { readonly kind: 'read'; readonly operations: readonly Operation[] }
  | { readonly kind: 'refused'; readonly reason: string; readonly hasCode: boolean }
  | { readonly kind: 'gone'; readonly reason: string };

/** In a worker, since a damaged file may take its reader with it. */
async function inspect({ pool, job, clock }: DamageOptions): Promise<Inspection> {
  const [worker] = pool.take(1);
  if (worker === undefined) throw new Error('there is no worker to inspect with');
  const { promise: late, resolve } = Promise.withResolvers<Inspection>();
  const timer = setTimeout(() => {
    resolve({ kind: 'gone', reason: `the store was not read within ${INSPECT_MS} ms` });
    void worker.kill();
  }, INSPECT_MS);
  try {
    return await Promise.race([ask(worker, job, clock()), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function ask(worker: Worker, job: Job, now: number): Promise<Inspection> {
  try {
    const reply = await worker.ask({ type: 'inspect', job, now });
    if (reply.type !== 'inspected') throw new Error(`a worker answered '${reply.type}'`);
    const { refusal, operations } = reply;
    return refusal ? { kind: 'refused', ...refusal } : { kind: 'read', operations };
  } catch (error) {
    return { kind: 'gone', reason: error instanceof Error ? error.message : String(error) };
  }
}
