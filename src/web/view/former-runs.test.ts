import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { comparisonOf } from './former-runs.ts';
import { taskOf } from './job.fixture.ts';

const took = (ms: number) =>
  taskOf({ id: 1, status: 'finished', startedAt: 1000, finishedAt: 1000 + ms });

describe('a finished task', () => {
  test('is held against the median of the others', () => {
    assert.deepEqual(comparisonOf(took(150), [80, 100, 300]), {
      ...{ tookMs: 150, medianMs: 100, runs: 3, difference: 0.5 },
    });
    assert.equal(comparisonOf(took(90), [80, 120])?.medianMs, 100);
  });

  test('does not count among its former runs', () => {
    assert.equal(comparisonOf(took(150), [100, 150])?.medianMs, 100);
    assert.equal(comparisonOf(took(150), [150]), undefined);
    assert.equal(comparisonOf(took(150), [150, 150])?.medianMs, 150);
  });

  test('is alone where nothing is known, and so is one that did not finish', () => {
    assert.equal(comparisonOf(took(150), []), undefined);
    const failed = taskOf({ id: 1, status: 'failed', startedAt: 1, finishedAt: 2 });
    assert.equal(comparisonOf(failed, [100]), undefined);
  });
});
