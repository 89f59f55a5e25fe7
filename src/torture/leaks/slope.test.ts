import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../declare/random.ts';
import { robustSlope, SLOPE_VALUES_MIN } from './slope.ts';

const series = fc.array(fc.integer({ min: -1000, max: 1000 }), {
  minLength: SLOPE_VALUES_MIN,
  maxLength: 25,
});

function ordersOf(values: readonly number[]): number[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((first) =>
    ordersOf(values.filter((value) => value !== first)).map((rest) => [first, ...rest]),
  );
}

describe('robust slope', () => {
  test('a straight line has its own slope, and no doubt about it', () => {
    const whole = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(whole, whole, fc.integer({ min: 5, max: 40 }), (start, step, length) => {
        const values = Array.from({ length }, (_, index) => start + step * index);
        const flat = { perStep: step, low: step, high: step };
        assert.deepEqual(robustSlope(values), flat);
      }),
    );
  });

  test('the slope lies between its bounds, and turns with the series', () => {
    fc.assert(
      fc.property(series, (values) => {
        const { perStep, low, high } = robustSlope(values);
        assert.ok(low <= perStep && perStep <= high);
        const mirrored = robustSlope(values.map((value) => 7 - value));
        assert.equal(mirrored.perStep + perStep, 0);
        assert.equal(mirrored.low + high, 0);
        assert.equal(mirrored.high + low, 0);
      }),
    );
  });

  test('growth that is added to a series is added to its slope', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: -50, max: 50 }), (values, step) => {
        const before = robustSlope(values);
        const after = robustSlope(values.map((value, index) => value + step * index));
        for (const key of ['perStep', 'low', 'high'] as const) {
          assert.ok(Math.abs(after[key] - before[key] - step) < 1e-9);
        }
      }),
    );
  });

  test('one value out of line does not move the slope of twenty', () => {
    fc.assert(
      fc.property(fc.nat(19), fc.integer({ min: -1e9, max: 1e9 }), (place, value) => {
        const values = Array.from({ length: 20 }, (_, index) => (index === place ? value : index));
        assert.equal(robustSlope(values).perStep, 1);
      }),
    );
  });

  test('pure noise is said to grow or to shrink in at most one series of twenty', () => {
    for (const length of [5, 8, 10, 20]) {
      const random = new Random(`noise of ${length}`);
      const runs = 2000;
      let wrong = 0;
      for (let run = 0; run < runs; run += 1) {
        const values = Array.from({ length }, () => random.int(2 ** 32));
        const { low, high } = robustSlope(values);
        if (low > 0 || high < 0) wrong += 1;
      }
      assert.ok(wrong / runs <= 0.06, `${wrong} of ${runs} with ${length} values`);
    }
  });

  test('of all orders of a few values, as many as may are said to grow', () => {
    // Orders of n with few enough inversions for 2.5 %: 1 of 120, 1+5 of 720, 1+6+20+49 of 5040.
    for (const [length, expected] of [
      [5, 1],
      [6, 6],
      [7, 76],
    ] as const) {
      const orders = ordersOf(Array.from({ length }, (_, index) => index));
      assert.equal(orders.filter((values) => robustSlope(values).low > 0).length, expected);
      assert.equal(orders.filter((values) => robustSlope(values).high < 0).length, expected);
    }
  });

  test('fewer than five values are refused', () => {
    assert.throws(() => robustSlope([1, 2, 3, 4]), RangeError);
  });
});
