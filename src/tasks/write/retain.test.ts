import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, one, run } from '../../engine/steps.ts';
import { openStore, runLeaves } from '../live/leaves.fixture.ts';
import { compactBody, compactedThrough, retentionOf } from './retain.ts';

const EVENTS = 35_000;

test('what is taken out of the log lies before what is said to have gaps, until no more is to go', async (t) => {
  const { engine } = await openStore(t);
  const { jobId } = await runLeaves(engine, 'a');
  await engine.write(() =>
    run(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
      INSERT INTO events (database, user, job, job_id, kind, at, body)
      SELECT 1, 'me', 'a', ?, 'progress', 1, '[]' FROM n`,
      ...[EVENTS, jobId],
    ),
  );
  const keep = retentionOf({ events: 100 });
  let calls = 0;
  for (let hasMore = true; hasMore; calls += 1) {
    hasMore = await engine.write(() => compactBody(keep));
    const through = await engine.read(compactedThrough);
    const behind = await engine.read(() =>
      all<{ seq: number }>('SELECT seq FROM events WHERE seq > ? ORDER BY seq LIMIT 1', through),
    );
    assert.equal(behind[0]?.seq, through + 1);
  }
  assert.equal(calls, 4);
  const left = await engine.read(() => one<{ count: number }>('SELECT COUNT(*) count FROM events'));
  assert.equal(left?.count, 100);
});

test('what is kept is a whole number from 0, or all', () => {
  const usual = retentionOf();
  assert.deepEqual(retentionOf({ events: undefined }), usual);
  assert.deepEqual(retentionOf({ events: 0 }), { ...usual, events: 0 });
  assert.ok(Number.isSafeInteger(retentionOf({ endedJobs: Number.POSITIVE_INFINITY }).endedJobs));
  for (const count of [-1, 2.5, Number.NaN]) {
    assert.throws(() => retentionOf({ endedMs: count }), RangeError);
  }
});
