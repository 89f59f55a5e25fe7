import type { TaskRecord } from '../model/record.ts';

/** Times at which a leaf moved by 1, from its start at 0; the last is its end. */
export type Moves = readonly number[];

/** A repeatable source of numbers from 0 to 1 (a linear congruential one, as of Numerical Recipes). */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** 1,500 moves of 40 ms, each half as long or half as long again. */
export function steady(random: () => number): Moves {
  return timesOf(1500, () => 20 + 40 * random());
}

/** Some seconds of moves, then some in which nothing happens, again and again. */
export function bursty(random: () => number): Moves {
  let left = 0;
  return timesOf(3000, () => {
    left -= 1;
    if (left > 0) return 20 + 20 * random();
    left = Math.ceil(60 + 120 * random());
    return 4000 + 8000 * random();
  });
}

/** 20 moves of a minute each, give or take a sixth. */
export function slow(random: () => number): Moves {
  return timesOf(20, () => 50_000 + 20_000 * random());
}

/** Twice as slow, or as fast, from some moment on. */
export function changing(random: () => number): Moves {
  const from = 600 + 600 * random();
  const factor = random() < 0.5 ? 2 : 0.5;
  let at = 0;
  return timesOf(2000, () => {
    at += 1;
    return (20 + 40 * random()) * (at < from ? 1 : factor);
  });
}

/** Ten side by side, the slowest at a third of the pace of the fastest. */
export function parallel(random: () => number): Moves[] {
  return Array.from({ length: 10 }, () => {
    const pace = 30 + 60 * random();
    return timesOf(400 + Math.floor(400 * random()), () => pace * (0.5 + random()));
  });
}

function timesOf(count: number, nextMs: () => number): Moves {
  let at = 0;
  return Array.from({ length: count }, () => {
    at += nextMs();
    return at;
  });
}

/** How far it is at a moment, as of the last flush before it. */
export function progressAt(moves: Moves, atMs: number, flushMs = 100): number {
  const flushed = Math.floor(atMs / flushMs) * flushMs;
  let [low, high] = [0, moves.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moves[middle] ?? 0) <= flushed) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function taskOf(parts: Partial<TaskRecord> & { readonly id: number }): TaskRecord {
  return {
    ...{ parent: null, kind: 'leaf', name: `task ${parts.id}`, status: 'pending', mode: null },
    ...{ roundSize: null, unit: null, weight: null, volume: null, progress: 0, message: null },
    ...{ error: null, isExcluded: false, concurrency: null, startedAt: null, finishedAt: null },
    ...{ taskSeq: 0 },
    ...parts,
  };
}
