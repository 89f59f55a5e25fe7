import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from './aggregate.ts';
import type { TaskRecord } from './record.ts';
import { type Branch, tasksOf } from './task.fixture.ts';

const units = fc.constantFrom(null, 'rows', 'files');
const status = fc.constantFrom('pending', 'running', 'finished', 'lost');
const modes = fc.constantFrom<Partial<TaskRecord>[]>(
  { kind: 'group', mode: 'sequential' },
  { kind: 'group', mode: 'parallel' },
  { kind: 'iterative', mode: 'fixed', roundSize: 1 },
  { kind: 'iterative', mode: 'dynamic', roundSize: 3 },
  { kind: 'iterative', mode: 'open', roundSize: 2 },
);

interface Amounts {
  readonly volumes: fc.Arbitrary<number | null>;
  readonly weights: fc.Arbitrary<number>;
}

/** Trees of at most 5 levels, in which most leaves agree on their unit. */
function trees({ volumes, weights }: Amounts): fc.Arbitrary<Branch> {
  const common = fc.record({
    unit: fc.oneof({ weight: 3, arbitrary: fc.constant('rows') }, units),
    weight: fc.option(weights, { freq: 4 }),
    isExcluded: fc.boolean(),
    status,
    startedAt: fc.option(fc.nat()),
  });
  return fc.letrec<{ tree: Branch; leaf: Branch; group: Branch }>((tie) => ({
    tree: fc.oneof({ maxDepth: 4, withCrossShrink: true }, tie('leaf'), {
      weight: 2,
      arbitrary: tie('group'),
    }),
    leaf: fc
      .tuple(common, volumes, fc.double({ min: 0, max: 1.2, noNaN: true }))
      .map(([parts, volume, part]) => ({
        parts: { ...parts, volume, progress: Math.floor((volume ?? 100) * part) },
        children: [],
      })),
    group: fc
      .tuple(common, modes, fc.array(tie('tree'), { maxLength: 5, size: 'max' }))
      .map(([parts, mode, children]) => ({ parts: { ...parts, ...mode }, children })),
  })).group;
}

const whole = fc.nat({ max: 1000 });
const plain = trees({
  volumes: fc.option(whole, { freq: 8 }),
  weights: fc.double({ min: 0.001, max: 1000, noNaN: true }),
});
const known = trees({
  volumes: whole,
  weights: fc.double({ min: 0.001, max: 1000, noNaN: true }),
});
const extreme = trees({
  volumes: fc.option(fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true }), { freq: 8 }),
  weights: fc.double({ min: Number.MIN_VALUE, max: Number.MAX_SAFE_INTEGER, noNaN: true }),
});

describe('every aggregate', () => {
  test('has fractions from 0 to 1, or none, and no number that is none', () => {
    fc.assert(
      fc.property(extreme, (tree) => {
        for (const found of aggregate(tasksOf(tree)).values()) {
          const { fraction, lowerBound, ended, children } = found;
          assert.ok(lowerBound >= 0 && lowerBound <= 1, `${lowerBound}`);
          if (fraction !== null) assert.equal(fraction, lowerBound);
          assert.ok(ended <= children);
          for (const value of Object.values(found)) assert.ok(!Number.isNaN(value));
        }
      }),
    );
  });

  test('is what a recursive definition says', () => {
    fc.assert(
      fc.property(plain, (tree) => {
        const found = aggregate(tasksOf(tree)).get(1);
        const expected = define(tree);
        assert.ok(found);
        assert.equal(found.progress, expected.progress);
        assert.equal(found.volume, expected.volume);
        assert.equal(found.isOverrun, expected.isOverrun);
        assert.equal(found.fraction === null, expected.fraction === null);
        assertNear(found.fraction ?? 0, expected.fraction ?? 0);
        assertNear(found.lowerBound, expected.lowerBound);
      }),
      { numRuns: 3000 },
    );
  });

  test('is the same in whatever order siblings stand', () => {
    fc.assert(
      fc.property(plain, fc.infiniteStream(fc.nat()), (tree, numbers) => {
        const found = aggregate(tasksOf(tree)).get(1);
        const other = aggregate(tasksOf(shuffled(tree, numbers))).get(1);
        assert.ok(found && other);
        const { fraction, lowerBound, ...rest } = found;
        const { fraction: otherFraction, lowerBound: otherBound, ...otherRest } = other;
        assert.deepEqual(otherRest, rest);
        assert.equal(otherFraction === null, fraction === null);
        assertNear(otherFraction ?? 0, fraction ?? 0);
        assertNear(otherBound, lowerBound);
      }),
    );
  });

  test('grows, or stays, when a leaf moves', () => {
    fc.assert(
      fc.property(fc.oneof(known, extreme), fc.nat(), fc.nat({ max: 500 }), (tree, which, by) => {
        const tasks = tasksOf(tree);
        const leaves = tasks.filter(({ kind }) => kind === 'leaf');
        const leaf = leaves[which % leaves.length];
        fc.pre(leaf !== undefined);
        const moved = { ...leaf, progress: leaf.progress + by };
        const before = aggregate(tasks);
        const after = aggregate(tasks.map((task) => (task.id === leaf.id ? moved : task)));
        for (const [id, { fraction, lowerBound, progress }] of before) {
          const now = after.get(id);
          assert.ok(now && now.lowerBound >= lowerBound);
          assert.ok((now.fraction ?? 0) >= (fraction ?? 0));
          assert.ok((now.progress ?? 0) >= (progress ?? 0));
        }
      }),
    );
  });
});

interface Definition {
  readonly progress: number | null;
  readonly volume: number | null;
  readonly fraction: number | null;
  readonly lowerBound: number;
  readonly isOverrun: boolean;
  /** Of the leaves and empty groups with a unit of their own; more than one do not add up. */
  readonly units: ReadonlySet<string | null>;
}

/** As the specification has it, and as slow. */
function define({ parts, children }: Branch): Definition {
  const { kind = 'leaf', volume = null, progress = 0, unit = null } = parts;
  if (kind === 'leaf') {
    const fraction = volume === null ? null : progress >= volume ? 1 : progress / volume;
    const isOverrun = volume !== null && progress > volume;
    const units = new Set([unit]);
    return { progress, volume, fraction, lowerBound: fraction ?? 0, isOverrun, units };
  }
  const counted = children.filter((child) => child.parts.isExcluded !== true);
  const each = counted.map((child) => ({ ...define(child), weight: child.parts.weight ?? null }));
  const below = new Set(each.flatMap((child) => [...child.units]));
  const agree = below.size <= 1 && each.every((child) => child.progress !== null);
  const isSum = agree && each.every(({ weight }) => weight === null);
  const isByVolume = agree && each.every((child) => child.volume !== null);
  const weighted = each.map((child) => ({
    ...child,
    weight: child.weight ?? (isByVolume ? (child.volume ?? 0) : 1),
  }));
  const total = sum(weighted.map(({ weight }) => weight));
  const mean = (of: (child: Definition) => number) =>
    total === 0 ? 1 : sum(weighted.map((child) => child.weight * of(child))) / total;
  const isOpen = parts.mode === 'open' && parts.status !== 'finished';
  const isKnown = !isOpen && each.every(({ fraction }) => fraction !== null);
  const [only = null] = below;
  const own = only ?? unit;
  return {
    progress: isSum ? sum(each.map((child) => child.progress ?? 0)) : null,
    volume: isSum && isByVolume && !isOpen ? sum(each.map((child) => child.volume ?? 0)) : null,
    fraction: isKnown ? mean((child) => child.fraction ?? 0) : null,
    lowerBound: isOpen ? 0 : mean((child) => child.lowerBound),
    isOverrun: each.some((child) => child.isOverrun),
    units: new Set(below.size > 0 || unit !== null ? [own] : []),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function shuffled({ parts, children }: Branch, numbers: Iterator<number>): Branch {
  const order = children.map((child) => ({ child, key: numbers.next().value ?? 0 }));
  order.sort((a, b) => a.key - b.key);
  return { parts, children: order.map(({ child }) => shuffled(child, numbers)) };
}

function assertNear(found: number, expected: number): void {
  assert.ok(Math.abs(found - expected) <= 1e-9, `${found}, not ${expected}`);
}
