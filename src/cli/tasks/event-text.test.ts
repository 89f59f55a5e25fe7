import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { TaskEvent } from '../../tasks.ts';
import { eventRow, eventText } from './event-text.ts';
import { groupRecord, record, START, tree } from './records.fixture.ts';
import { TaskNames } from './task-names.ts';

before(() => {
  process.env.TZ = 'UTC';
});

const base = { seq: 7, at: START, database: 'default' };
const ofJob = { ...base, user: 'kim', job: 'nightly', jobId: 1 };
const ofTask = { ...ofJob, task: 2, taskSeq: 3 };
const { job } = tree([]);
const tasks = [groupRecord(1, { name: 'nightly' }), record(2, { name: '読\u202e' })];
const end = { progress: 4, volume: 4, message: null, isExcluded: false };
const movement = { task: 2, taskSeq: 4, progress: 1.5, message: 'page\u0007' };

const EVENTS: readonly (readonly [event: TaskEvent, text: string])[] = [
  [{ ...ofTask, task: 1, kind: 'stored', record: job, tasks }, 'stored  nightly  2 tasks'],
  [{ ...ofTask, kind: 'started' }, 'started  nightly :: 読\\u202e'],
  [{ ...ofTask, kind: 'volume', volume: null }, 'volume  nightly :: 読\\u202e  unknown'],
  [
    { ...ofJob, kind: 'progress', movements: [movement] },
    'progress  nightly :: 読\\u202e 1.5 page\\x07',
  ],
  [
    { ...ofTask, kind: 'log', level: 'warning', message: 'slow\ndisk' },
    'log  nightly :: 読\\u202e  warning: slow\\x0adisk',
  ],
  [
    { ...ofTask, kind: 'failed', error: 'no space', ...end },
    'failed  nightly :: 読\\u202e  no space',
  ],
  [{ ...ofTask, kind: 'lost', error: null, ...end }, 'lost  nightly :: 読\\u202e'],
  [{ ...ofTask, task: 1, kind: 'reserved', reservedBytes: 2048 }, 'reserved  nightly  2 KiB'],
  [{ ...ofTask, task: 9, kind: 'recovered', status: 'running' }, 'recovered  task 9  running'],
];

test('an event is a line that says what has changed', () => {
  const names = new TaskNames();
  names.learn(1, tasks);
  for (const [event, text] of EVENTS) {
    assert.equal(eventText(event, names), `7  12:00:00  nightly  ${text}`);
  }
  const cleared = { ...base, kind: 'cleared', user: null, count: 1 } as const;
  assert.equal(eventText(cleared, names), '7  12:00:00  default  cleared  1 job of every user');
});

test('as JSON its fields are named as those of other commands, also within', () => {
  const row = eventRow({ ...ofTask, kind: 'added', tasks: [record(3)] });
  assert.deepEqual(
    JSON.parse(JSON.stringify(row), (name, value) =>
      name === 'tasks' ? value[0].started_at : value,
    ),
    {
      ...{ seq: 7, at: '2026-11-20T12:00:00.000Z', database: 'default', user: 'kim' },
      ...{
        job: 'nightly',
        job_id: 1,
        task: 2,
        task_seq: 3,
        kind: 'added',
        tasks: '2026-11-20T12:00:00.000Z',
      },
    },
  );
});
