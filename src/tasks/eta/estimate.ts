import type { Prior } from './prior.ts';

/** How an active task gets on. Null is what nobody can know. */
export interface Estimate {
  /** Of late, in its unit. */
  readonly ratePerSecond: number | null;
  readonly remainingMs: number | null;
  /** When 20 and 80 of a hundred runs would be over, by two or more former ones. */
  readonly lowMs: number | null;
  readonly highMs: number | null;
}

/** A time that is left, with a range as wide as that of the former runs. */
export function estimateOf(
  ratePerSecond: number | null,
  remainingMs: number | null,
  prior: Prior | undefined,
): Estimate {
  const spread = prior?.spread;
  if (remainingMs === null || !spread) {
    return { ratePerSecond, remainingMs, lowMs: null, highMs: null };
  }
  const [lowMs, highMs] = [remainingMs * spread.low, remainingMs * spread.high];
  return { ratePerSecond, remainingMs, lowMs, highMs };
}
