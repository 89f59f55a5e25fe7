import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TaskEvent } from '../tasks.ts';
import { updateFrames } from './frame.ts';
import { jobOf, taskOf } from './view/job.fixture.ts';
import { SseParser, type StreamEvent } from './view/sse-parser.ts';
import type { SnapshotPart } from './wire.ts';

function read(frames: Iterable<string>): readonly StreamEvent[] {
  const parser = new SseParser('before');
  return [...frames].flatMap((text) => [...parser.push(text)]);
}

describe('a snapshot on the stream', () => {
  const jobs = Array.from({ length: 90 }, (_, at) =>
    jobOf(Array.from({ length: 100 }, (_, task) => taskOf({ id: at * 100 + task }))),
  );

  test('comes in parts of some size, and nobody can go on behind half of it', () => {
    const events = read(updateFrames({ kind: 'snapshot', seq: 12, jobs, owners: [] }));
    const parts = events.map(({ data }) => JSON.parse(data) as SnapshotPart);
    assert.ok(parts.length > 2 && parts.every((part) => part.jobs.length <= 20));
    assert.deepEqual(
      parts.flatMap((part) => part.jobs),
      jobs,
    );
    assert.deepEqual(
      events.slice(0, -1).map(({ lastId }) => lastId),
      events.slice(1).map(() => 'before'),
    );
    assert.equal(events.at(-1)?.lastId, '12');
    assert.deepEqual(parts.map(({ isFirst }) => isFirst).indexOf(true), 0);
    assert.deepEqual(parts.map(({ isLast }) => isLast).indexOf(true), parts.length - 1);
  });

  test('of nothing is one part, and a reset says that it is one', () => {
    const [event, ...others] = read(updateFrames({ kind: 'reset', seq: 3, jobs: [], owners: [] }));
    assert.equal(others.length, 0);
    assert.equal((JSON.parse(event?.data ?? '') as SnapshotPart).isReset, true);
    assert.equal(event?.lastId, '3');
  });
});

describe('events on the stream', () => {
  test('come in frames of some size, each with the number of its last one', () => {
    const events = Array.from({ length: 50 }, (_, at): TaskEvent => {
      const { job: record, tasks } = jobOf(Array.from({ length: 500 }, (_, id) => taskOf({ id })));
      const base = { seq: at + 1, at, database: 'default', user: 'anna', job: 'one', jobId: 1 };
      return { ...base, task: 1, taskSeq: 1, kind: 'stored', record, tasks };
    });
    const frames = read(updateFrames({ kind: 'events', seq: 50, events }));
    assert.ok(frames.length > 10);
    const sent = frames.map(({ data }) => JSON.parse(data) as readonly TaskEvent[]);
    assert.deepEqual(sent.flat(), events);
    assert.deepEqual(
      frames.map(({ lastId }) => Number(lastId)),
      sent.map((part) => part.at(-1)?.seq),
    );
  });
});
