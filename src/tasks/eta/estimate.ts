import type { Estimate } from './forecast.ts';
import type { Prior } from './prior.ts';

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
