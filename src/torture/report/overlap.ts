import type { Operation } from '../declare/operation.ts';

export interface Overlap {
  /** Share of operations, 0 to 1, that were in flight together with one of another client. */
  readonly fraction: number;
  /** The most operations in flight at one moment. */
  readonly maxConcurrency: number;
  /** How many pairs of operations met, by their names in order: `add|read`. */
  readonly pairs: Readonly<Record<string, number>>;
}

/**
 * How much clients really met, when `workers` of them ran at once. Operations that merely touch in
 * time do not count, and one that never returned counts for nothing, because nobody knows how long
 * it ran. Nor do those that one worker ran one after the other without any of them waiting: each
 * was over when the next began, and only the news of it came late.
 */
export function measureOverlap(
  operations: readonly Operation[],
  workers = Number.POSITIVE_INFINITY,
): Overlap {
  const edges: { time: number; isStart: boolean; index: number }[] = [];
  let count = 0;
  operations.forEach(({ invokedAt, returnedAt }, index) => {
    if (returnedAt === undefined) return;
    count += 1;
    // What took no time met nobody.
    if (returnedAt <= invokedAt) return;
    edges.push({ time: invokedAt, isStart: true, index });
    edges.push({ time: returnedAt, isStart: false, index });
  });
  if (count === 0) return { fraction: 0, maxConcurrency: 0, pairs: {} };
  // At equal times ends come first.
  edges.sort((a, b) => a.time - b.time || Number(a.isStart) - Number(b.isStart));
  const active = new Map<number, Active>();
  const overlapped = new Set<number>();
  const pairs: Record<string, number> = {};
  let maxConcurrency = 0;
  for (const { isStart, index } of edges) {
    if (!isStart) {
      active.delete(index);
      continue;
    }
    const { process = 0, isInstant = false, f = '' } = operations[index] ?? {};
    const worker = process % workers;
    const met = [...active].filter(([, other]) => !other.isInstant || other.worker !== worker);
    if (met.length > 0) overlapped.add(index);
    for (const [other] of met) {
      overlapped.add(other);
      const pair = pairOf(f, operations[other]?.f ?? '');
      pairs[pair] = (pairs[pair] ?? 0) + 1;
    }
    active.set(index, { worker, isInstant });
    maxConcurrency = Math.max(maxConcurrency, 1 + atOnce(met.map(([, other]) => other)));
  }
  return { fraction: overlapped.size / count, maxConcurrency, pairs };
}

interface Active {
  readonly worker: number;
  readonly isInstant: boolean;
}

/** How many of these can have been under way together: of those that never wait, one a worker. */
function atOnce(active: readonly Active[]): number {
  const instants = active.filter(({ isInstant }) => isInstant);
  const busy = new Set(instants.map(({ worker }) => worker));
  return active.length - instants.length + busy.size;
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}
