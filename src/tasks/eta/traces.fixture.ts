/** Times at which a leaf moved by 1, in ms from its start; with the last it is done. */
export type Moves = readonly number[];

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A minute or so of moves of 40 ms, each half as long or half as long again. */
export function steady(random: () => number): Moves {
  return timesOf(between(random, 800, 2200), () => 20 + 40 * random());
}

/** Batches of a hundred or so at once, every 8 seconds or so. */
export function bursty(random: () => number): Moves {
  let left = 0;
  return timesOf(between(random, 2000, 4000), () => {
    left -= 1;
    if (left > 0) return 0;
    left = between(random, 70, 130);
    return 6000 + 4000 * random();
  });
}

/** Some seconds of moves, some seconds of nothing, and again. */
export function spells(random: () => number): Moves {
  let left = 0;
  return timesOf(between(random, 2000, 4000), () => {
    left -= 1;
    if (left > 0) return 20 + 20 * random();
    left = between(random, 60, 180);
    return 4000 + 8000 * random();
  });
}

/** Moves of a minute each, give or take a sixth. */
export function slow(random: () => number): Moves {
  return timesOf(between(random, 12, 32), () => 50_000 + 20_000 * random());
}

/** Some minutes of moves, twice as fast or as slow after the first fifth or so. */
export function changing(random: () => number): Moves {
  const count = between(random, 6000, 10_000);
  const from = between(random, 0.15 * count, 0.3 * count);
  const factor = random() < 0.5 ? 2 : 0.5;
  return timesOf(count, (at) => (20 + 40 * random()) * (at < from ? 1 : factor));
}

/** One of some that run side by side, each at a pace of its own. */
export function oneOfMany(random: () => number): Moves {
  const paceMs = 30 + 60 * random();
  return timesOf(between(random, 400, 800), () => paceMs * (0.5 + random()));
}

function between(random: () => number, low: number, high: number): number {
  return low + Math.floor((high - low) * random());
}

function timesOf(count: number, waitMs: (at: number) => number): Moves {
  let now = 0;
  return Array.from({ length: count }, (_, at) => {
    now += waitMs(at);
    return now;
  });
}

/** How far it is at a moment. */
export function progressAt(moves: Moves, atMs: number): number {
  let [low, high] = [0, moves.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moves[middle] ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
