import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUCKET_MS, curveOf, RateHistory } from './rate-history.ts';

describe('the rate of the last minute', () => {
  test('is what was done in each two seconds, and nothing where nothing was', () => {
    const history = new RateHistory(100, 0);
    history.add(110, 500);
    history.add(120, 1999);
    history.add(180, 2 * BUCKET_MS);
    assert.deepEqual(history.ratesAt(3 * BUCKET_MS), [10, 0, 30]);
  });

  test('lasts a minute, however long nobody looked', () => {
    const history = new RateHistory(0, 0);
    history.add(50, 1000);
    const rates = history.ratesAt(3_600_000);
    assert.equal(rates.length, 30);
    assert.ok(rates.every((rate) => rate === 0));
  });

  test('is never negative: progress that was set back is no move', () => {
    const history = new RateHistory(10, 0);
    history.add(4, 100);
    history.add(6, 200);
    assert.deepEqual(history.ratesAt(BUCKET_MS), [1]);
  });

  test('is drawn within its box, and not before there is something to see', () => {
    assert.equal(curveOf([1, 2, 3], 46, 18), '');
    assert.equal(curveOf([0, 0, 0, 0, 0], 46, 18), '');
    const numbers = curveOf([1, 5, 2, 0, 4], 46, 18).match(/[\d.]+/g) ?? [];
    assert.ok(
      numbers.length > 8 && numbers.every((text) => Number(text) >= 0 && Number(text) <= 46),
    );
  });
});
