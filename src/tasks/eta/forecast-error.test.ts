import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TaskRecord } from '../model/record.ts';
import { taskOf } from '../model/task.fixture.ts';
import { Forecast } from './forecast.ts';
import {
  bursty,
  changing,
  type Moves,
  numbersFrom,
  oneOfMany,
  progressAt,
  slow,
  spells,
  steady,
} from './traces.fixture.ts';

const FLUSH_MS = 100;
const TRACES = 200;
const STARTED_AT = 1_700_000_000_000;

/** Median of the relative errors of what was said to be left. */
interface Errors {
  readonly ours: number;
  /** As if it went on as in the whole run so far. */
  readonly byMean: number;
  /** The way of a well-known progress bar: amounts and times of updates, each smoothed with 0.3. */
  readonly bySmoothing: number;
}

/** Of runs of leaves side by side, asked at these parts of their time. */
function errorsOf(
  run: (random: () => number) => Moves[],
  parts: readonly number[] = [0.25, 0.5, 0.75],
): Errors {
  const errors: Errors[] = [];
  for (let seed = 1; seed <= TRACES; seed += 1) {
    const leaves = run(numbersFrom(seed));
    errors.push(...parts.map((part) => errorOf(leaves, part)));
  }
  return {
    ours: medianOf(errors.map(({ ours }) => ours)),
    byMean: medianOf(errors.map(({ byMean }) => byMean)),
    bySmoothing: medianOf(errors.map(({ bySmoothing }) => bySmoothing)),
  };
}

function errorOf(leaves: readonly Moves[], part: number): Errors {
  const endMs = Math.max(...leaves.map((moves) => moves.at(-1) ?? 0));
  const volume = leaves.reduce((sum, moves) => sum + moves.length, 0);
  const forecast = new Forecast();
  const bar = new SmoothedBar();
  const askedMs = endMs * part;
  for (let atMs = 0; atMs <= askedMs; atMs += FLUSH_MS) {
    const progress = leaves.map((moves) => progressAt(moves, atMs));
    progress.forEach((amount, at) => {
      forecast.observe(at + 2, amount, STARTED_AT + atMs);
    });
    bar.update(
      progress.reduce((sum, amount) => sum + amount, 0),
      atMs,
    );
  }
  const tasks = tasksAt(leaves, askedMs - (askedMs % FLUSH_MS));
  const remainingMs = forecast.of(tasks, STARTED_AT + askedMs).get(1)?.remainingMs ?? 0;
  const leftMs = endMs - askedMs;
  const relative = (ms: number) => Math.abs(ms - leftMs) / leftMs;
  return {
    ours: relative(remainingMs),
    byMean: relative(((volume - bar.progress) * askedMs) / bar.progress),
    bySmoothing: relative(bar.remainingMs(volume)),
  };
}

function tasksAt(leaves: readonly Moves[], atMs: number): TaskRecord[] {
  const startedAt = STARTED_AT;
  const running = { status: 'running', startedAt } as const;
  const parts = leaves.map((moves, at): TaskRecord => {
    const progress = progressAt(moves, atMs);
    const leaf = taskOf({ id: at + 2, parent: 1, volume: moves.length, progress, ...running });
    if (progress < moves.length) return leaf;
    return { ...leaf, status: 'finished', finishedAt: startedAt + (moves.at(-1) ?? 0) };
  });
  return [taskOf({ id: 1, kind: 'group', mode: 'parallel', ...running }), ...parts];
}

class SmoothedBar {
  progress = 0;
  #atMs = 0;
  #amount = 0;
  #ms = 0;

  update(progress: number, atMs: number): void {
    if (progress === this.progress) return;
    this.#amount = 0.3 * (progress - this.progress) + 0.7 * this.#amount;
    this.#ms = 0.3 * (atMs - this.#atMs) + 0.7 * this.#ms;
    this.progress = progress;
    this.#atMs = atMs;
  }

  remainingMs(volume: number): number {
    return ((volume - this.progress) * this.#ms) / this.#amount;
  }
}

function medianOf(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}

function assertBelow(errors: Errors): void {
  const text = JSON.stringify(errors);
  assert.ok(errors.ours < errors.byMean, text);
  assert.ok(errors.ours < errors.bySmoothing, text);
}

describe('what is said to be left is nearer to the truth than a mean or a smoothed rate', () => {
  for (const [name, moves] of Object.entries({ steady, bursty, slow })) {
    test(`of a ${name} leaf`, () => {
      assertBelow(errorsOf((random) => [moves(random)]));
    });
  }

  test('of ten leaves side by side', () => {
    assertBelow(errorsOf((random) => Array.from({ length: 10 }, () => oneOfMany(random))));
  });

  test('of a leaf whose pace has changed', () => {
    const { ours, byMean } = errorsOf((random) => [changing(random)], [0.5, 0.75]);
    assert.ok(ours < 0.6 * byMean, `${ours}, ${byMean}`);
  });
});

test('where the mean is the best there is, in long spells, it is nearly as good', () => {
  const { ours, byMean, bySmoothing } = errorsOf((random) => [spells(random)]);
  assert.ok(ours < 1.15 * byMean, `${ours}, ${byMean}`);
  assert.ok(ours < 0.5 * bySmoothing, `${ours}, ${bySmoothing}`);
});
