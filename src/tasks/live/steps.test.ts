import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { StepCounter } from './steps.ts';

const volumes = fc.oneof(
  fc.integer({ min: 0, max: 1000 }),
  fc.maxSafeInteger().map(Math.abs),
  fc.double({ min: 0, max: 2 ** 53, noNaN: true }),
);

describe('StepCounter', () => {
  test('carries what is left of a step to the next', () => {
    const counter = new StepCounter(10, 4);
    assert.deepEqual(
      [counter.take(), counter.take(), counter.take(), counter.take()],
      [2, 3, 2, 3],
    );
  });

  test('gives several steps the sum of what they make one by one', () => {
    const counter = new StepCounter(10, 4);
    assert.deepEqual([counter.take(3), counter.take()], [7, 3]);
  });

  test('goes on in the same measure beyond the last step', () => {
    const counter = new StepCounter(10, 4);
    assert.equal(counter.take(4), 10);
    assert.equal(counter.take(4), 10);
  });

  test('makes exactly the volume of a million steps', () => {
    for (const volume of [1, 999_999, 10_000_019, Number.MAX_SAFE_INTEGER]) {
      const counter = new StepCounter(volume, 1_000_000);
      let progress = 0;
      for (let step = 0; step < 1_000_000; step += 1) progress += counter.take();
      assert.equal(progress, volume);
    }
  });

  test('never departs from the share of the steps, and deals out whole numbers of a whole volume', () => {
    const takes = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 50 });
    fc.assert(
      fc.property(volumes, fc.integer({ min: 1, max: 2000 }), takes, (volume, steps, counts) => {
        const counter = new StepCounter(volume, steps);
        let progress = 0;
        let taken = 0;
        for (const count of counts) {
          const amount = counter.take(count);
          assert.ok(amount >= 0);
          if (Number.isInteger(volume)) assert.ok(Number.isInteger(amount));
          progress += amount;
          taken += count;
          const share = (volume * taken) / steps;
          assert.ok(Math.abs(progress - share) <= 1 + share * 1e-12, `${progress}, not ${share}`);
        }
        if (taken >= steps) return;
        progress += counter.take(steps - taken);
        if (Number.isInteger(volume)) assert.equal(progress, volume);
        else assert.ok(Math.abs(progress - volume) <= volume * 1e-12);
      }),
    );
  });
});
