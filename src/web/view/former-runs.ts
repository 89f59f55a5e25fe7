import type { TaskRecord } from '../../tasks/model/record.ts';

/** How long a finished task took beside former runs of the same path. */
export interface Comparison {
  readonly tookMs: number;
  readonly medianMs: number;
  /** Runs that the median is of. */
  readonly runs: number;
  /** 0.25: a quarter longer than usual. */
  readonly difference: number;
}

/** Undefined for what has not finished, and where nothing is known of former runs. */
export function comparisonOf(
  { status, startedAt, finishedAt }: TaskRecord,
  durationsMs: readonly number[],
): Comparison | undefined {
  if (status !== 'finished' || startedAt === null || finishedAt === null) return undefined;
  const tookMs = Math.max(0, finishedAt - startedAt);
  const former = withoutOne(durationsMs, tookMs);
  const medianMs = median(former);
  if (medianMs === undefined || medianMs === 0) return undefined;
  return { tookMs, medianMs, runs: former.length, difference: tookMs / medianMs - 1 };
}

/** The run itself is among them, once it has been noted. */
function withoutOne(durationsMs: readonly number[], ownMs: number): readonly number[] {
  const at = durationsMs.lastIndexOf(ownMs);
  return at < 0 ? durationsMs : durationsMs.toSpliced(at, 1);
}

function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
