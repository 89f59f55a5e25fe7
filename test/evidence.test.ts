import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bootstrapMean, mean, wilson } from '../proof/interval.ts';

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 5e-4, `${actual} is not ${expected}`);

describe('intervals of the evidence', () => {
  for (const [hits, n, low, high] of [
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [5, 10, 0.2366, 0.7634],
    [20, 20, 0.8389, 1],
    [1, 20, 0.0089, 0.2361],
  ] as const) {
    test(`${hits} of ${n} are ${low} to ${high}`, () => {
      near(wilson(hits, n).low, low);
      near(wilson(hits, n).high, high);
    });
  }

  test('its ends are the shares from which what was seen is 1.96 deviations off', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), (n, some) => {
        const hits = some % (n + 1);
        for (const end of Object.values(wilson(hits, n))) {
          const variance = (end * (1 - end)) / n;
          assert.ok(Math.abs((hits / n - end) ** 2 - 1.959964 ** 2 * variance) < 1e-12);
        }
      }),
    );
  });

  test('an interval holds its share, and is narrower with more runs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), (n, some) => {
        const hits = some % (n + 1);
        const one = wilson(hits, n);
        const ten = wilson(10 * hits, 10 * n);
        assert.ok(one.low <= hits / n + 1e-12 && hits / n <= one.high + 1e-12);
        assert.ok(ten.high - ten.low < one.high - one.low);
      }),
    );
  });

  test('a resampled mean lies around the mean, and has no width where nothing varies', () => {
    const values = [0.8, 0.9, 0.85, 0.7, 0.95, 0.88, 0.83, 0.9, 0.79, 0.92];
    const { low, high } = bootstrapMean(values);
    assert.ok(low < mean(values) && mean(values) < high && high - low < 0.12);
    assert.deepEqual(bootstrapMean([0.5, 0.5, 0.5]), { low: 0.5, high: 0.5 });
    assert.deepEqual(bootstrapMean(values), { low, high });
  });
});
