import type { Random } from '../declare/random.ts';

/** Takes one of `count` ways, from 0. */
export type Choose = (count: number) => number;

/**
 * Everything that `make` can come to, whatever is chosen; undefined when that is more than `limit`.
 * The first is what comes of choosing 0 always.
 */
export function allChoices<T>(make: (choose: Choose) => T, limit: number): T[] | undefined {
  const found: T[] = [];
  const taken: number[] = [];
  const counts: number[] = [];
  for (;;) {
    let at = 0;
    found.push(
      make((count) => {
        if (at === taken.length) taken.push(0);
        counts[at] = count;
        at += 1;
        return taken[at - 1] as number;
      }),
    );
    taken.length = at;
    while (taken.length > 0 && taken.at(-1) === (counts[taken.length - 1] as number) - 1) {
      taken.pop();
    }
    if (taken.length === 0) return found;
    if (found.length === limit) return undefined;
    taken.push((taken.pop() as number) + 1);
  }
}

/** Chances in a hundred to take the first way, where that is the usual one. */
const USUAL_PERCENT = [10, 50, 90];

/** The two extremes, then what `random` chooses: now mostly the first ways, now mostly others. */
export function* someChoices<T>(make: (choose: Choose) => T, random: Random): Generator<T> {
  yield make(() => 0);
  yield make((count) => count - 1);
  for (;;) {
    const percent = random.pick(USUAL_PERCENT);
    yield make((count) => (random.int(100) < percent ? 0 : random.int(count)));
  }
}
