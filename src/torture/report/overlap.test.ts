import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Operation } from '../declare/operation.ts';
import { measureOverlap } from './overlap.ts';

function at(process: number, invokedAt: number, returnedAt: number | undefined): Operation {
  const rest = { phase: 'run', round: 0, f: 'x', input: 0, output: 0, outcome: 'ok' } as const;
  return { process, invokedAt, returnedAt, ...rest };
}

describe('overlap', () => {
  test('one after the other is no overlap, not even when they touch', () => {
    const result = measureOverlap([at(0, 0, 10), at(1, 10, 20), at(0, 20, 30)]);
    assert.deepEqual(result, { fraction: 0, maxConcurrency: 1, pairs: {} });
  });

  test('an operation inside another counts for both', () => {
    const result = measureOverlap([at(0, 0, 100), at(1, 10, 20), at(1, 200, 210), at(2, 300, 310)]);
    assert.deepEqual(result, { fraction: 0.5, maxConcurrency: 2, pairs: { 'x|x': 1 } });
  });

  test('an operation that took no time overlaps nothing, and what comes after it neither', () => {
    const result = measureOverlap([at(0, 5, 5), at(1, 6, 10), at(0, 11, 11)]);
    assert.deepEqual(result, { fraction: 0, maxConcurrency: 1, pairs: {} });
  });

  test('an operation that never returned overlaps nothing', () => {
    const result = measureOverlap([at(0, 0, undefined), at(1, 10, 20)]);
    assert.deepEqual(result, { fraction: 0, maxConcurrency: 1, pairs: {} });
    assert.equal(measureOverlap([]).fraction, 0);
  });

  test('what one worker ran without waiting was over when its next operation began', () => {
    const instant = (process: number) => ({ ...at(process, process, 100), isInstant: true });
    // Clients 0 and 2 share a worker, and so do 1 and 3.
    assert.deepEqual(measureOverlap([instant(0), instant(2)], 2), {
      fraction: 0,
      maxConcurrency: 1,
      pairs: {},
    });
    assert.deepEqual(measureOverlap([0, 1, 2, 3].map(instant), 2), {
      fraction: 1,
      maxConcurrency: 2,
      pairs: { 'x|x': 4 },
    });
  });

  test('one that waited was met by whatever its worker ran meanwhile', () => {
    const instant = { ...at(2, 10, 20), isInstant: true };
    assert.deepEqual(measureOverlap([at(0, 0, 100), instant], 2), {
      fraction: 1,
      maxConcurrency: 2,
      pairs: { 'x|x': 1 },
    });
  });

  test('agrees with comparing every pair', () => {
    const client = fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 20 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.array(client, { minLength: 1, maxLength: 4 }), (clients) => {
        const operations = clients.flatMap((gaps, process) => {
          let time = 0;
          return gaps.map(([gap, length]) => {
            const invokedAt = time + gap;
            time = invokedAt + length;
            return at(process, invokedAt, time);
          });
        });
        const meets = (a: Operation, b: Operation) =>
          a.invokedAt < (b.returnedAt ?? 0) && b.invokedAt < (a.returnedAt ?? 0);
        const met = operations.filter((one) =>
          operations.some((other) => other.process !== one.process && meets(one, other)),
        );
        const { fraction, pairs } = measureOverlap(operations);
        const pairCount = operations.reduce(
          (sum, one) =>
            sum + operations.filter((two) => one.process < two.process && meets(one, two)).length,
          0,
        );
        assert.equal(pairs['x|x'] ?? 0, pairCount);
        assert.equal(fraction, operations.length === 0 ? 0 : met.length / operations.length);
      }),
    );
  });
});
