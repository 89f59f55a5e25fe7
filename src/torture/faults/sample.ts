import type { Random } from '../declare/random.ts';

/**
 * Shares a number of things out: everyone gets the same, except those who cannot use as many, and
 * what those leave goes to the others. With fewer things than takers it is drawn who gets one.
 */
export function shareOut(total: number, wants: readonly number[], random: Random): number[] {
  const shares = wants.map(() => 0);
  const takers = shuffled(
    [...wants.keys()].filter((taker) => (wants[taker] ?? 0) > 0),
    random,
  );
  const isScarce = total < takers.length;
  // Those who want least first: what they leave is known when the others' turn comes.
  if (!isScarce) takers.sort((one, other) => (wants[one] ?? 0) - (wants[other] ?? 0));
  let left = total;
  takers.forEach((taker, index) => {
    const even = isScarce ? Math.min(1, left) : Math.floor(left / (takers.length - index));
    const share = Math.min(wants[taker] ?? 0, even);
    shares[taker] = share;
    left -= share;
  });
  return shares;
}

/**
 * `count` different numbers below `below`, which is at most 2^32 (Floyd's algorithm: its cost is that
 * of `count` alone). Their order is not drawn.
 */
export function drawNumbers(count: number, below: number, random: Random): Set<number> {
  const drawn = new Set<number>();
  for (let limit = Math.max(0, below - count); limit < below; limit += 1) {
    const number = random.int(limit + 1);
    drawn.add(drawn.has(number) ? limit : number);
  }
  return drawn;
}

/** In an order drawn from `random` (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const list = [...items];
  for (let last = list.length - 1; last > 0; last -= 1) {
    const other = random.int(last + 1);
    [list[last], list[other]] = [list[other] as T, list[last] as T];
  }
  return list;
}
