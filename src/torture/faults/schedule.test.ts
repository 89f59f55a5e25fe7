import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FairTargets, type FaultTimesOptions, faultTimes } from './schedule.ts';

function times(seed: string, options: FaultTimesOptions, count: number): number[] {
  return [...faultTimes(seed, options).take(count)];
}

describe('when faults are due', () => {
  test('the times of a seed never change', () => {
    assert.deepEqual(times('7', { everyMs: 100 }, 5).map(Math.round), PINNED);
    assert.notDeepEqual(times('8', { everyMs: 100 }, 5).map(Math.round), PINNED);
  });

  test('gaps keep within the jitter, and to their average', () => {
    const everyMs = fc.integer({ min: 1, max: 100_000 });
    const jitter = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.string(), everyMs, jitter, (seed, every, share) => {
        const all = times(seed, { everyMs: every, jitter: share }, 50);
        assert.ok((all[0] ?? -1) >= 0 && (all[0] ?? -1) <= every);
        for (const [index, at] of all.entries()) {
          const gap = at - (all[index - 1] ?? at - every);
          assert.ok(
            gap >= every * (1 - share) - 1e-6 && gap <= every * (1 + share) + 1e-6,
            `${gap}`,
          );
        }
      }),
    );
    const last = times('average', { everyMs: 10, jitter: 1 }, 2000).at(-1) ?? 0;
    assert.ok(last > 19_000 && last < 21_000, `${last}`);
  });

  test('without jitter they are evenly spaced', () => {
    const [first = 0, second = 0, third = 0] = times('x', { everyMs: 250, jitter: 0 }, 3);
    assert.ok(Math.abs(second - first - 250) < 1e-9 && Math.abs(third - second - 250) < 1e-9);
  });

  test('a period or a jitter that makes no sense is refused', () => {
    const wrong: FaultTimesOptions[] = [
      { everyMs: 0 },
      { everyMs: -1 },
      { everyMs: Number.NaN },
      { everyMs: Number.POSITIVE_INFINITY },
      { everyMs: 1, jitter: 1.1 },
      { everyMs: 1, jitter: -0.1 },
      { everyMs: 1, jitter: Number.NaN },
    ];
    for (const options of wrong) assert.throws(() => times('x', options, 1), RangeError);
  });
});

describe('whom faults meet', () => {
  test('everybody equally often, in an order that the seed draws, nobody twice in turn', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 2, max: 9 }), (seed, count) => {
        const all = Array.from({ length: count }, (_, index) => index);
        const draw = () => {
          const targets = new FairTargets<number>(seed);
          return Array.from({ length: count * 5 }, () => targets.next(all));
        };
        const met = draw();
        assert.deepEqual(draw(), met);
        for (const one of all) {
          const often = met.filter((target) => target === one).length;
          assert.ok(Math.abs(often - 5) <= 1, met.join());
        }
        assert.ok(
          met.every((target, index) => target !== met[index - 1]),
          met.join(),
        );
      }),
    );
  });

  test('only those who are there; a newcomer first', () => {
    const targets = new FairTargets<string>('x');
    assert.equal(targets.next([]), undefined);
    assert.deepEqual([targets.next(['a']), targets.next(['a'])], ['a', 'a']);
    assert.equal(targets.next(['a', 'b']), 'b');
    assert.equal(targets.next(new Set(['a', 'b', 'c'])), 'c');
  });
});

/** Changing these changes what every printed seed does. */
const PINNED = [20, 108, 223, 358, 416];
