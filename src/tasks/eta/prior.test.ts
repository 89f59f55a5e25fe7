import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Prior, priorOf, remainingAfter } from './prior.ts';

function prior(...runsMs: number[]): Prior {
  const found = priorOf(runsMs);
  assert.ok(found);
  return found;
}

describe('former runs', () => {
  test('tell nothing where there were none', () => {
    assert.equal(priorOf([]), undefined);
  });

  test('have a median, and a range from the 20th to the 80th of a hundred', () => {
    const { medianMs, spread } = prior(1000, 600, 800, 1200, 1400, 1000);
    assert.equal(medianMs, 1000);
    assert.deepEqual(spread, { low: 0.8, high: 1.2 });
  });

  test('count only if they are among the last ten', () => {
    assert.equal(prior(...Array(50).fill(5), ...Array(10).fill(7)).medianMs, 7);
  });

  test('have no range when there was one, or when they took no time', () => {
    assert.equal(prior(5).spread, null);
    assert.equal(prior(0, 0, 5).spread, null);
  });
});

describe('what remains after some time', () => {
  const runs = prior(100, 200, 300, 400, 500);

  test('is the median at first', () => {
    assert.equal(remainingAfter(runs, 0), 300);
  });

  test('rests on the runs that took longer', () => {
    assert.equal(remainingAfter(runs, 250), 150);
    assert.equal(remainingAfter(runs, 450), 50);
  });

  test('grows again when all of them were faster', () => {
    assert.equal(remainingAfter(runs, 500), 0);
    assert.equal(remainingAfter(runs, 800), 300);
  });
});
