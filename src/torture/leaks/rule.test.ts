import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { growthOf, LEAK_CYCLES_MIN } from './rule.ts';

const length = fc.integer({ min: LEAK_CYCLES_MIN, max: 60 });

/** A series of counts, from what each cycle adds. */
function summed(added: readonly number[]): number[] {
  let sum = 7;
  return added.map((one) => {
    sum += one;
    return sum;
  });
}

describe('leak rule', () => {
  test('one more in every cycle or every other is a leak, with more cycles in every third or fourth', () => {
    const rates = fc.constantFrom([1, 16], [2, 16], [3, 20], [4, 32]);
    fc.assert(
      fc.property(rates, fc.nat(12), fc.nat(3), ([every = 1, least = 16], more, first) => {
        const added = Array.from({ length: least + more }, (_, index) =>
          Number((index + first) % every === 0),
        );
        for (const what of ['descriptors', 'files', 'children'] as const) {
          assert.ok(growthOf(what, summed(added)).isLeak);
        }
      }),
    );
  });

  test('what grows in the first half of the cycles only is no leak', () => {
    const growth = fc.array(fc.nat(1e6), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(growth, (added) => {
        const calm = new Array<number>(added.length + LEAK_CYCLES_MIN).fill(0);
        const samples = summed([...added, ...calm]);
        assert.ok(!growthOf('memory', samples).isLeak);
        assert.ok(!growthOf('files', samples).isLeak);
      }),
    );
  });

  test('what grows in most of the cycles but not to the end is no leak', () => {
    const added = Array.from({ length: 20 }, (_, index) => (index < 12 ? 4096 : 0));
    for (const what of ['memory', 'files', 'resident'] as const) {
      assert.ok(!growthOf(what, summed(added)).isLeak);
    }
  });

  test('what goes up and down around a level is no leak', () => {
    fc.assert(
      fc.property(length, fc.integer({ min: 1, max: 9 }), (cycles, period) => {
        const saw = Array.from({ length: cycles }, (_, index) => 50 + (index % (period + 1)));
        const isOneTooth = cycles <= 2 * (period + 1);
        assert.ok(isOneTooth || !growthOf('files', saw).isLeak, saw.join());
      }),
    );
  });

  test('a shrinking series is no leak', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 16, maxLength: 40 }), (added) => {
        const samples = summed(added).map((value) => -value);
        assert.ok(!growthOf('memory', samples).isLeak);
      }),
    );
  });

  test('memory that grows by less than an object is no leak', () => {
    const of = (step: number) => Array.from({ length: 20 }, (_, index) => 1e7 + step * index);
    assert.ok(!growthOf('memory', of(200)).isLeak);
    assert.ok(growthOf('memory', of(1000)).isLeak);
  });

  test('too few cycles are refused', () => {
    assert.throws(() => growthOf('files', [1, 2, 3]), RangeError);
  });
});
