import type { Operation } from './operation.ts';

export interface Overlap {
  /** Share of operations, 0 to 1, that were in flight together with one of another client. */
  readonly fraction: number;
  /** The most operations in flight at one moment. */
  readonly maxConcurrency: number;
}

/**
 * How much clients really met. Operations that merely touch in time do not count, and one that
 * never returned counts for nothing, because nobody knows how long it ran.
 */
export function measureOverlap(operations: readonly Operation[]): Overlap {
  const edges: { time: number; isStart: boolean; index: number }[] = [];
  operations.forEach(({ invokedAt, returnedAt }, index) => {
    if (returnedAt === undefined) return;
    edges.push({ time: invokedAt, isStart: true, index });
    edges.push({ time: returnedAt, isStart: false, index });
  });
  if (edges.length === 0) return { fraction: 0, maxConcurrency: 0 };
  // At equal times ends come first.
  edges.sort((a, b) => a.time - b.time || Number(a.isStart) - Number(b.isStart));
  const active = new Set<number>();
  const overlapped = new Set<number>();
  let maxConcurrency = 0;
  for (const { isStart, index } of edges) {
    if (!isStart) {
      active.delete(index);
      continue;
    }
    if (active.size > 0) overlapped.add(index);
    // With two or more in flight all of them are marked already.
    if (active.size === 1) for (const other of active) overlapped.add(other);
    active.add(index);
    maxConcurrency = Math.max(maxConcurrency, active.size);
  }
  return { fraction: overlapped.size / (edges.length / 2), maxConcurrency };
}
