import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { TaskRecord } from '../model/record.ts';
import { type Branch, groupOf, leafOf, taskOf, tasksOf } from '../model/task.fixture.ts';
import { type Estimate, Forecast } from './forecast.ts';

const T0 = 1_700_000_000_000;
const second = 1000;

const running = { status: 'running', startedAt: T0 } as const;

function finished(ms: number) {
  return { status: 'finished', startedAt: T0, finishedAt: T0 + ms } as const;
}

/** Of the root, asked once. */
function estimate(root: Branch, nowMs: number, durations?: Record<string, number[]>): Estimate {
  const known = durations && new Map(Object.entries(durations));
  const found = new Forecast().of(tasksOf(root), T0 + nowMs, known).get(1);
  assert.ok(found);
  return found;
}

function remaining(root: Branch, nowMs: number, durations?: Record<string, number[]>) {
  const { remainingMs } = estimate(root, nowMs, durations);
  return remainingMs === null ? null : Math.round(remainingMs);
}

describe('a leaf that is looked at once', () => {
  test('goes on as it went since its start', () => {
    const found = estimate(leafOf(100, 20, running), 10 * second);
    assert.deepEqual(found, {
      ratePerSecond: 2,
      remainingMs: 40 * second,
      lowMs: null,
      highMs: null,
    });
  });

  test('of which nothing is known has no estimate', () => {
    const nothing = { ratePerSecond: null, remainingMs: null, lowMs: null, highMs: null };
    assert.deepEqual(estimate(leafOf(100, 0, running), second), nothing);
    assert.deepEqual(estimate(leafOf(100, 0), second), nothing);
  });

  test('without a volume has a rate', () => {
    const { ratePerSecond, remainingMs } = estimate(leafOf(null, 20, running), 10 * second);
    assert.deepEqual([ratePerSecond, remainingMs], [2, null]);
  });

  test('that is full, or over-full, has nothing left', () => {
    assert.equal(remaining(leafOf(10, 10, running), second), 0);
    assert.equal(remaining(leafOf(10, 30, running), second), 0);
    assert.equal(remaining(leafOf(0, 0, running), second), 0);
  });

  test('that has ended is not there', () => {
    const tasks = tasksOf(leafOf(10, 10, finished(second)));
    assert.equal(new Forecast().of(tasks, T0).size, 0);
  });

  test('whose start lies in the future is no riddle', () => {
    assert.equal(remaining(leafOf(100, 20, running), -second), null);
  });
});

describe('a leaf that is watched', () => {
  const leaf = (progress: number, startedAt: number) =>
    tasksOf(leafOf(100, progress, { status: 'running', startedAt }));

  test('has an estimate from the second look on, wherever it starts', () => {
    const forecast = new Forecast();
    forecast.of(leaf(10, T0 + 1e9), T0);
    assert.equal(forecast.of(leaf(20, T0 + 1e9), T0 + second).get(1)?.remainingMs, 8 * second);
  });

  test('does not care for a wall clock that jumps', () => {
    const answers = [0, -3600 * second, 3600 * second].map((jumpMs) => {
      const forecast = new Forecast();
      forecast.observe(1, 0, T0);
      for (let at = 1; at <= 50; at += 1) forecast.observe(1, at, T0 + at * second);
      return forecast.of(leaf(50, T0 + jumpMs), T0 + 50 * second).get(1);
    });
    assert.equal(Math.round(answers[0]?.remainingMs ?? 0), 50 * second);
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
  });

  test('is told by looks as well as by samples', () => {
    const [watched, looked] = [new Forecast(), new Forecast()];
    let found: (Estimate | undefined)[] = [];
    watched.observe(1, 0, T0);
    for (let at = 0; at <= 40; at += 1) {
      const nowMs = T0 + at * second;
      const tasks = leaf(at + (at % 3), T0);
      watched.observe(1, at + (at % 3), nowMs);
      found = [watched.of(tasks, nowMs).get(1), looked.of(tasks, nowMs).get(1)];
    }
    assert.ok(found[0]?.remainingMs);
    assert.deepEqual(found[0], found[1]);
  });

  test('is forgotten when it ends', () => {
    const forecast = new Forecast();
    forecast.of(leaf(50, T0), T0 + second);
    forecast.of(tasksOf(leafOf(100, 100, finished(second))), T0 + second);
    const again = forecast.of(leaf(1, T0 + 10 * second), T0 + 11 * second).get(1);
    assert.equal(again?.ratePerSecond, 1);
  });

  test('is still estimated among more leaves than are remembered', () => {
    const forecast = new Forecast();
    for (let id = 1; id <= 15_000; id += 1) forecast.observe(id, 0, T0);
    assert.equal(forecast.of(leaf(50, T0), T0 + 10 * second).get(1)?.remainingMs, 10 * second);
  });
});

describe('former runs', () => {
  const runs = { x: [60, 80, 100, 120, 140].map((value) => value * second) };
  const named = { name: 'x' };

  test('tell how long a leaf takes that has not moved, with a range', () => {
    const pending = estimate(leafOf(null, 0, named), 0, runs);
    assert.deepEqual(pending, {
      ratePerSecond: null,
      remainingMs: 100 * second,
      lowMs: 76 * second,
      highMs: 124 * second,
    });
    assert.equal(
      remaining(leafOf(100, 0, { ...named, ...running }), 50 * second, runs),
      50 * second,
    );
  });

  test('have less to say the more a leaf has moved', () => {
    const at = (progress: number) =>
      remaining(leafOf(1000, progress, { ...named, ...running }), 10 * second, runs) ?? 0;
    assert.ok(at(1) < 300 * second, `${at(1)}`);
    assert.equal(at(100), 90 * second);
    assert.equal(at(500), 10 * second);
  });

  test('give the range, the measured pace what lies in it', () => {
    const { remainingMs, lowMs, highMs } = estimate(
      leafOf(1000, 500, { ...named, ...running }),
      10 * second,
      runs,
    );
    assert.deepEqual(
      [remainingMs, lowMs, highMs].map((ms) => Math.round(ms ?? 0)),
      [10_000, 7600, 12_400],
    );
  });

  test('are those of the same names from the root on', () => {
    const tree = groupOf([leafOf(10, 0, { name: 'b' })], { name: 'a' });
    assert.equal(remaining(tree, 0, { 'a :: b': [5000] }), 5000);
    assert.equal(remaining(tree, 0, { b: [5000] }), null);
  });

  test('of the whole tell where a part is unknown', () => {
    const tree = groupOf([leafOf(null, 0, { name: 'b' })], { name: 'a', ...running });
    assert.equal(remaining(tree, 2000, { a: [5000] }), 3000);
  });

  test('of this very job count too', () => {
    const round = (parts: Partial<TaskRecord>) => leafOf(null, 0, { name: 'round', ...parts });
    const rounds = [finished(4000), finished(6000), {}, {}, {}].map(round);
    const tree = groupOf(rounds, { kind: 'iterative', mode: 'fixed', roundSize: 1, ...running });
    assert.equal(remaining(tree, 10_000), 15_000);
  });
});

describe('a group', () => {
  const leaves = [leafOf(100, 50, running), leafOf(100, 20, running), leafOf(100, 80, running)];

  test('takes as long as its children one after the other', () => {
    assert.equal(remaining(groupOf(leaves, running), 10_000), 10_000 + 40_000 + 2500);
  });

  test('of any number side by side takes as long as the longest', () => {
    assert.equal(remaining(groupOf(leaves, { ...running, mode: 'parallel' }), 10_000), 40_000);
  });

  test('of a few side by side takes its share of all of them, or as long as the longest', () => {
    const tree = (concurrency: number) =>
      groupOf([...leaves, ...leaves], { ...running, mode: 'parallel', concurrency });
    assert.equal(remaining(tree(2), 10_000), 52_500);
    assert.equal(remaining(tree(4), 10_000), 40_000);
  });

  test('adds up the rates of its children where they have one unit', () => {
    const parallel = { ...running, mode: 'parallel' } as const;
    assert.equal(estimate(groupOf(leaves, parallel), 10_000).ratePerSecond, 15);
    const other = leafOf(100, 50, { ...running, unit: 'files' });
    assert.equal(estimate(groupOf([...leaves, other], parallel), 10_000).ratePerSecond, null);
  });

  test('leaves out what is excluded and what has ended', () => {
    const excluded = { status: 'canceled', finishedAt: T0, isExcluded: true } as const;
    const done = leafOf(100, 100, finished(10_000));
    const tree = groupOf([done, leafOf(100, 50, running), leafOf(null, 0, excluded)], running);
    assert.equal(remaining(tree, 10_000), 10_000);
  });

  test('whose children have all ended has nothing left', () => {
    assert.equal(remaining(groupOf([leafOf(1, 1, finished(10))], running), 10_000), 0);
  });

  test('takes a child of which only the volume is known to keep the pace of the others', () => {
    const tree = groupOf([leafOf(100, 100, finished(10_000)), leafOf(300, 0)], running);
    assert.equal(remaining(tree, 10_000), 30_000);
  });

  test('takes a child of which only the weight is known to keep the pace of the others', () => {
    const tree = groupOf(
      [
        leafOf(10, 10, { ...finished(10_000), weight: 2 }),
        leafOf(500, 0, { unit: 'rows', weight: 5 }),
      ],
      running,
    );
    assert.equal(remaining(tree, 10_000), 25_000);
  });

  test('does not guess at a child without a volume', () => {
    const tree = groupOf([leafOf(100, 100, finished(10_000)), leafOf(null, 0)], running);
    assert.equal(remaining(tree, 10_000), null);
  });

  test('has a range if one of its children has', () => {
    const tree = groupOf([leafOf(100, 50, running), leafOf(null, 0, { name: 'later' })], {
      name: 'all',
      ...running,
    });
    const found = estimate(tree, 10_000, { 'all :: later': [4000, 5000, 6000] });
    assert.deepEqual(
      [found.remainingMs, found.lowMs, found.highMs].map((ms) => Math.round(ms ?? 0)),
      [15_000, 14_400, 15_600],
    );
  });
});

describe('an iterative task', () => {
  const done = leafOf(10, 10, { name: 'x', ...finished(5000) });
  const left = leafOf(10, 0, { name: 'x' });
  const of = (mode: 'fixed' | 'dynamic' | 'open') =>
    ({ name: 'all', kind: 'iterative', mode, roundSize: 1, ...running }) as const;

  test('that is open has an estimate by former runs only', () => {
    const tree = groupOf([done, done, leafOf(10, 5, { name: 'x', ...running })], of('open'));
    assert.equal(remaining(tree, 10_000), null);
    assert.equal(remaining(tree, 10_000, { all: [30_000] }), 20_000);
  });

  test('that may stop early takes as long as formerly, or as all its rounds if that is less', () => {
    const tree = groupOf([done, left, left, left], of('dynamic'));
    assert.equal(remaining(tree, 5000), 15_000);
    assert.equal(remaining(tree, 5000, { all: [11_000] }), 6000);
    assert.equal(remaining(tree, 5000, { all: [99_000] }), 15_000);
  });
});

test('a chain of ten thousand tasks, and twenty thousand side by side, have estimates', () => {
  const tasks: TaskRecord[] = [];
  for (let id = 1; id <= 10_000; id += 1) {
    tasks.push(taskOf({ id, parent: id === 1 ? null : id - 1, kind: 'group', mode: 'sequential' }));
  }
  for (let id = 10_001; id <= 30_000; id += 1) {
    tasks.push(taskOf({ id, parent: 10_000, volume: 10, progress: 5, ...running }));
  }
  const durations = new Map([['task 1 :: task 2', [second]]]);
  const found = new Forecast().of(tasks, T0 + second, durations);
  assert.ok(Math.abs((found.get(1)?.remainingMs ?? 0) - 20_000 * second) < second);
});

test('whatever a tree is like, its estimates are numbers from 0 in their order, or nothing', () => {
  const parts = fc.record({
    name: fc.constantFrom('a', 'b'),
    status: fc.constantFrom('pending', 'running', 'finished', 'canceled', 'lost'),
    startedAt: fc.option(fc.integer({ min: T0 - 1e6, max: T0 + 1e6 })),
    finishedAt: fc.option(fc.integer({ min: T0 - 1e6, max: T0 + 1e6 })),
    weight: fc.option(fc.double({ min: Number.MIN_VALUE, max: 1e15, noNaN: true })),
    isExcluded: fc.boolean(),
    unit: fc.constantFrom(null, 'rows'),
    concurrency: fc.option(fc.integer({ min: 1, max: 5 })),
  });
  const modes = fc.constantFrom<Partial<TaskRecord>[]>(
    { kind: 'group', mode: 'sequential' },
    { kind: 'group', mode: 'parallel' },
    { kind: 'iterative', mode: 'dynamic', roundSize: 1 },
    { kind: 'iterative', mode: 'open', roundSize: 2 },
  );
  const amounts = fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true });
  const { tree } = fc.letrec<{ tree: Branch }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc
        .tuple(parts, fc.option(amounts), amounts)
        .map(([rest, volume, progress]) => leafOf(volume, progress, rest)),
      fc
        .tuple(parts, modes, fc.array(tie('tree'), { maxLength: 4 }))
        .map(([rest, mode, children]) => groupOf(children, { ...rest, ...mode })),
    ),
  }));
  const runs = fc.array(fc.nat({ max: 1e9 }), { maxLength: 12 });
  const paths = fc.constantFrom('a', 'b', 'a :: b', 'a :: a', 'b :: a', 'b :: b', 'a :: b :: a');
  fc.assert(
    fc.property(tree, fc.nat(), fc.array(fc.tuple(paths, runs)), (root, nowMs, durations) => {
      const forecast = new Forecast();
      for (const atMs of [T0, T0 + nowMs]) {
        for (const found of forecast.of(tasksOf(root), atMs, new Map(durations)).values()) {
          const { ratePerSecond, remainingMs, lowMs, highMs } = found;
          for (const value of Object.values(found)) assert.ok(value === null || value >= 0);
          assert.notEqual(ratePerSecond, Infinity);
          assert.notEqual(remainingMs, Infinity);
          assert.equal(lowMs === null, highMs === null);
          if (lowMs === null || highMs === null) continue;
          assert.ok(remainingMs !== null && lowMs <= remainingMs && remainingMs <= highMs);
        }
      }
    }),
    { numRuns: 500 },
  );
});
