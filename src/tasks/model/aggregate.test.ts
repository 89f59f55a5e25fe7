import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Aggregate, aggregate } from './aggregate.ts';
import type { TaskRecord } from './record.ts';
import { type Branch, groupOf, leafOf, taskOf, tasksOf } from './task.fixture.ts';

function rootOf(branch: Branch): Aggregate {
  return at(aggregate(tasksOf(branch)), 1);
}

function at(aggregates: ReadonlyMap<number, Aggregate>, id: number): Aggregate {
  const found = aggregates.get(id);
  assert.ok(found);
  return found;
}

const ended = { status: 'finished', startedAt: 1, finishedAt: 2 } as const;

describe('a leaf', () => {
  const fractions: [volume: number | null, progress: number, fraction: number | null][] = [
    [4, 0, 0],
    [4, 1, 0.25],
    [4, 4, 1],
    [0, 0, 1],
    [null, 7, null],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1, 1 - 2 ** -53],
    [Number.MIN_VALUE, 0, 0],
  ];
  for (const [volume, progress, fraction] of fractions) {
    test(`${progress} of ${volume} is ${fraction}`, () => {
      const found = rootOf(leafOf(volume, progress));
      assert.deepEqual(
        [found.volume, found.progress, found.fraction, found.lowerBound, found.isOverrun],
        [volume, progress, fraction, fraction ?? 0, false],
      );
    });
  }

  test('beyond its volume is full, keeps what it did, and says so', () => {
    const { progress, volume, fraction, isOverrun } = rootOf(leafOf(4, 6));
    assert.deepEqual([progress, volume, fraction, isOverrun], [6, 4, 1, true]);
  });
});

describe('a group of one unit', () => {
  test('sums up what its children did and have to do', () => {
    const rows = { unit: 'rows' };
    const found = rootOf(groupOf([leafOf(10, 10, { ...rows, ...ended }), leafOf(30, 0, rows)]));
    assert.deepEqual(found, {
      progress: 10,
      volume: 40,
      unit: 'rows',
      fraction: 0.25,
      lowerBound: 0.25,
      ended: 1,
      children: 2,
      isOverrun: false,
      isByVolume: true,
      iteration: null,
      iterations: null,
    });
  });

  test('is exact where the mean of its parts would be rounded', () => {
    const parts = Array.from({ length: 10 }, () => leafOf(30, 10));
    assert.equal(rootOf(groupOf([groupOf(parts), ...parts])).fraction, 1 / 3);
  });

  test('counts nothing twice that a child did beyond its volume', () => {
    const found = rootOf(groupOf([leafOf(10, 20), leafOf(10, 0)]));
    assert.deepEqual(
      [found.progress, found.volume, found.fraction, found.isOverrun],
      [20, 20, 0.5, true],
    );
  });

  test('keeps the sum of what is done when a volume is unknown, and a lower bound', () => {
    const found = rootOf(groupOf([leafOf(10, 10), leafOf(null, 5), leafOf(10, 5)]));
    assert.deepEqual(
      [found.progress, found.volume, found.fraction, found.lowerBound],
      [20, null, null, 0.5],
    );
  });

  test('without children is done', () => {
    const { progress, volume, fraction, children } = rootOf(groupOf([]));
    assert.deepEqual([progress, volume, fraction, children], [0, 0, 1, 0]);
  });

  test('takes no notice of the unit of a child in which there is nothing', () => {
    const found = rootOf(groupOf([leafOf(10, 5, { unit: 'rows' }), groupOf([])]));
    assert.deepEqual([found.progress, found.unit, found.fraction], [5, 'rows', 0.5]);
  });

  test('shows its own unit where its children say nothing', () => {
    const found = rootOf(groupOf([leafOf(10, 5)], { unit: 'rows' }));
    assert.deepEqual([found.progress, found.unit], [5, 'rows']);
  });
});

describe('a group of several units', () => {
  const files = { unit: 'files' };
  const rows = { unit: 'rows' };

  test('is the mean of the fractions of its children', () => {
    const found = rootOf(groupOf([leafOf(10, 10, files), leafOf(1000, 500, rows)]));
    assert.deepEqual(
      [found.progress, found.volume, found.unit, found.fraction],
      [null, null, null, 0.75],
    );
  });

  test('makes those above it means of fractions', () => {
    const mixed = groupOf([leafOf(10, 10, files), leafOf(1000, 0, rows)]);
    const found = rootOf(groupOf([mixed, leafOf(10, 0, files)]));
    assert.deepEqual([found.progress, found.fraction], [null, 0.25]);
  });

  test('counts what is unknown as nothing in the lower bound', () => {
    const found = rootOf(groupOf([leafOf(10, 10, files), leafOf(null, 500, rows)]));
    assert.deepEqual([found.fraction, found.lowerBound], [null, 0.5]);
  });
});

describe('weights', () => {
  test('count in the place of volumes', () => {
    const found = rootOf(groupOf([leafOf(10, 10, { weight: 3 }), leafOf(90, 0, { weight: 1 })]));
    assert.deepEqual([found.progress, found.volume, found.fraction], [null, null, 0.75]);
  });

  test('stand beside volumes where all units agree', () => {
    const found = rootOf(groupOf([leafOf(10, 10, { weight: 90 }), leafOf(30, 0)]));
    assert.equal(found.fraction, 0.75);
  });

  test('stand beside 1 where units differ', () => {
    const other = leafOf(30, 0, { unit: 'rows' });
    assert.equal(rootOf(groupOf([leafOf(10, 10, { weight: 3 }), other])).fraction, 0.75);
  });
});

describe('children', () => {
  test('that are excluded count for nothing', () => {
    const excluded = { status: 'canceled', isExcluded: true, unit: 'files', weight: 7 } as const;
    const found = rootOf(groupOf([leafOf(10, 10, ended), leafOf(null, 3, excluded)]));
    assert.deepEqual(
      [found.progress, found.volume, found.fraction, found.ended, found.children],
      [10, 10, 1, 1, 1],
    );
  });

  test('that never ran have not ended', () => {
    const found = rootOf(
      groupOf([
        leafOf(1, 1, ended),
        leafOf(1, 0, { status: 'lost', startedAt: 1, finishedAt: 2 }),
        leafOf(1, 0, { status: 'lost', finishedAt: 2 }),
        leafOf(1, 0, { status: 'running', startedAt: 1 }),
      ]),
    );
    assert.deepEqual([found.ended, found.children], [2, 4]);
  });
});

describe('an iterative task', () => {
  const done = () => leafOf(10, 10, ended);
  const pending = () => leafOf(10, 0);
  const of = (mode: 'fixed' | 'dynamic' | 'open') =>
    ({ kind: 'iterative', mode, roundSize: 2, status: 'running' }) as const;

  test('counts its rounds', () => {
    const parts = [done(), done(), done(), pending(), pending(), pending()];
    const { iteration, iterations, fraction } = rootOf(groupOf(parts, of('fixed')));
    assert.deepEqual([iteration, iterations, fraction], [1, 3, 0.5]);
  });

  test('that stopped early is done', () => {
    const left = leafOf(10, 0, { status: 'canceled', isExcluded: true });
    const parts = [done(), done(), left, left, left, left];
    const found = rootOf(groupOf(parts, { ...of('dynamic'), status: 'finished' }));
    assert.deepEqual([found.iteration, found.iterations, found.fraction], [1, 1, 1]);
  });

  test('whose process died in round 7 shows 7', () => {
    const lost = { status: 'lost', finishedAt: 2 } as const;
    const parts = Array.from({ length: 20 }, (_, index) => {
      if (index < 13) return done();
      return leafOf(10, 0, index === 13 ? { ...lost, startedAt: 1 } : lost);
    });
    const found = rootOf(groupOf(parts, { ...of('fixed'), status: 'lost' }));
    assert.deepEqual([found.iteration, found.iterations], [7, 10]);
  });

  test('that is open has no volume until it is finished', () => {
    const running = rootOf(groupOf([done(), done()], of('open')));
    assert.deepEqual(
      [running.progress, running.volume, running.fraction, running.lowerBound],
      [20, null, null, 0],
    );
    assert.deepEqual([running.iteration, running.iterations], [1, null]);
    const finished = rootOf(groupOf([done(), done()], { ...of('open'), status: 'finished' }));
    assert.deepEqual([finished.volume, finished.fraction, finished.iterations], [20, 1, 1]);
  });

  test('that is open makes those above it unknown', () => {
    const found = rootOf(groupOf([done(), groupOf([], of('open'))]));
    assert.deepEqual(
      [found.progress, found.volume, found.fraction, found.lowerBound],
      [10, null, null, 0.5],
    );
  });
});

describe('a large tree', () => {
  test('ten thousand deep is added up', () => {
    const tasks: TaskRecord[] = Array.from({ length: 10_000 }, (_, index) =>
      taskOf({ id: index + 1, parent: index || null, kind: 'group', mode: 'sequential' }),
    );
    tasks.push(taskOf({ id: 10_001, parent: 10_000, volume: 4, progress: 1 }));
    const found = at(aggregate(tasks), 1);
    assert.deepEqual([found.progress, found.volume, found.fraction], [1, 4, 0.25]);
  });

  test('of a hundred thousand tasks is added up', () => {
    const tasks = [taskOf({ id: 1, kind: 'group', mode: 'parallel' })];
    for (let id = 2; id <= 100_000; id += 1) {
      tasks.push(taskOf({ id, parent: 1, volume: 2, progress: 1 }));
    }
    assert.equal(at(aggregate(tasks), 1).fraction, 0.5);
  });
});
