/** More tell of times long gone. */
export const RUNS_MAX = 10;

/** From which to which part of the former runs a range goes. */
const RANGE_LOW = 0.2;
const RANGE_HIGH = 0.8;

/** How long something will take, from how long it took. */
export interface Prior {
  readonly medianMs: number;
  /** Of the median; null of a single run. */
  readonly spread: { readonly low: number; readonly high: number } | null;
  /** Ascending. */
  readonly runsMs: readonly number[];
}

/** Of the last runs, newest last; undefined if there is none. */
export function priorOf(durationsMs: readonly number[]): Prior | undefined {
  const runsMs = durationsMs.slice(-RUNS_MAX).sort((a, b) => a - b);
  const medianMs = quantile(runsMs, 0.5);
  if (medianMs === undefined) return undefined;
  const low = quantile(runsMs, RANGE_LOW) ?? 0;
  const high = quantile(runsMs, RANGE_HIGH) ?? 0;
  if (runsMs.length === 1 || medianMs === 0) return { medianMs, spread: null, runsMs };
  return { medianMs, spread: { low: low / medianMs, high: high / medianMs }, runsMs };
}

/**
 * How long it takes from now on when it has taken `elapsedMs`: the median of those runs that took longer.
 * One that is later than all of them is thought to be as late again.
 */
export function remainingAfter({ runsMs }: Prior, elapsedMs: number): number {
  const longer = runsMs.filter((ms) => ms > elapsedMs);
  const expectedMs = quantile(longer, 0.5);
  return Math.max(
    0,
    expectedMs === undefined ? elapsedMs - (runsMs.at(-1) ?? 0) : expectedMs - elapsedMs,
  );
}

/** Of ascending values, between neighbours in proportion. */
function quantile(ascending: readonly number[], part: number): number | undefined {
  const at = part * (ascending.length - 1);
  const below = ascending[Math.floor(at)];
  const above = ascending[Math.ceil(at)];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (at - Math.floor(at));
}
