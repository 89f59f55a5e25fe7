import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from './histogram.ts';

const duration = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 2 ** 31 }),
  fc.maxSafeInteger().map((value) => Math.abs(value)),
);

function filled(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('histogram', () => {
  test('a quantile is at most 1/64 above the exact one and never below it', () => {
    const quantile = fc.constantFrom(0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1);
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1 }), quantile, (values, q) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(q * values.length)) - 1] ?? Number.NaN;
        const found = filled(values).at(q);
        assert.ok(found >= exact, `${found} < ${exact}`);
        assert.ok(found <= exact + exact / 64, `${found} > ${exact} + 1/64`);
      }),
    );
  });

  test('the maximum, the mean and small values are exact', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 1 }), (values) => {
        const histogram = filled(values);
        assert.equal(histogram.max, Math.max(...values));
        assert.equal(histogram.at(1), Math.max(...values));
        const sum = values.reduce((total, value) => total + value, 0);
        assert.ok(Math.abs(histogram.mean - sum / values.length) < 1e-6);
      }),
    );
    for (let value = 0; value < 128; value += 1) assert.equal(filled([value, 999]).at(0.5), value);
  });

  test('merging equals recording everything in one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.array(fc.nat()), (left, right) => {
        const merged = filled(left);
        merged.merge(filled(right));
        assert.deepEqual(merged.pack(), filled([...left, ...right]).pack());
      }),
    );
  });

  test('packing and unpacking keeps every figure', () => {
    fc.assert(
      fc.property(fc.array(duration), (values) => {
        const packed = filled(values).pack();
        const histogram = new Histogram(JSON.parse(JSON.stringify(packed)));
        histogram.merge(filled([]));
        assert.deepEqual(histogram.pack(), packed);
      }),
    );
  });

  test('an empty histogram answers 0, and a negative duration is refused', () => {
    assert.equal(new Histogram().at(0.99), 0);
    assert.throws(() => new Histogram().record(-1), RangeError);
    assert.throws(() => new Histogram().record(Number.NaN), RangeError);
  });
});
