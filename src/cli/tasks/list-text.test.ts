import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { JobInfo, OwnerRecord, TaskRecord } from '../../tasks.ts';
import { listLine, listRow, listText } from './list-text.ts';
import { groupRecord, ownerRecord, record, START, tree } from './records.fixture.ts';

const NOW = START + 125_000;

before(() => {
  process.env.TZ = 'UTC';
});

function job(
  name: string,
  tasks: readonly TaskRecord[],
  {
    owner = {},
    ...changes
  }: Partial<Omit<JobInfo['job'], 'owner'>> & {
    owner?: Partial<OwnerRecord>;
  } = {},
): JobInfo {
  return { ...tree(tasks, { job: name, ...changes }), owner: ownerRecord(owner) };
}

function shown(items: readonly JobInfo[]): string {
  const estimate = { ratePerSecond: 8, remainingMs: 250_000, lowMs: null, highMs: null };
  const estimates = new Map([[1, estimate]]);
  const known = items.map((item) => {
    const isActive = item.tasks[0]?.status === 'running';
    return listLine(item, isActive ? estimates : new Map(), NOW);
  });
  return listText(known.filter((line) => line !== undefined));
}

test('jobs are listed with what is known of them', () => {
  const ended = { finishedAt: START + 61_000 };
  const items = [
    job('nightly', [record(1, { name: 'load', volume: 3000, progress: 1000 })]),
    job('a', [record(1, { volume: 10, progress: 12 })], { owner: { state: 'unresponsive' } }),
    job('b', [record(1, { progress: 3 })], { cancelRequestedAt: NOW }),
    job('c', [record(1, { volume: 4, progress: 3, status: 'lost', ...ended })], {
      owner: { state: 'dead' },
    }),
    job('d', [record(1, { volume: 4, progress: 4, status: 'finished', ...ended })], {
      owner: { state: 'dead' },
    }),
    job('e', [groupRecord(1, { status: 'pending', startedAt: null }), record(2, { volume: 8 })]),
    job('f', [record(1, { status: 'canceled', startedAt: null, ...ended })]),
  ];
  assert.equal(
    shown(items),
    `
JOB      TASK    PROGRESS  BAR           STATUS                   STARTED              ELAPSED              ETA    OWNER
nightly  load    33.33%    [###~~~~~~~]  running                  2026-11-20 12:00:00  2 minutes 5 seconds  4m10s  4242
a        task-1  100%+     [##########]  running                  2026-11-20 12:00:00  2 minutes 5 seconds  4m10s  4242 (unresponsive)
b        task-1  n/a       [~~~~n/a~~~]  running, to be canceled  2026-11-20 12:00:00  2 minutes 5 seconds  4m10s  4242
c        task-1  75%       [#######~~~]  lost                     2026-11-20 12:00:00  1 minute 1 second    -      4242 (lost)
d        task-1  100%      [##########]  finished                 2026-11-20 12:00:00  1 minute 1 second    -      4242
e        task-1  0%        [~~~~~~~~~~]  pending                  Not yet started      -                    -      4242
f        task-1  n/a       [~~~~n/a~~~]  canceled                 Never started        -                    -      4242
`.trimStart(),
  );
});

test('databases and users are columns where there are several', () => {
  const items = [
    job('one', [record(1)]),
    job('two', [record(1)], { user: '金\u001b[2J', database: 'archive' }),
  ];
  const lines = shown(items).split('\n');
  assert.match(lines[0] ?? '', /OWNER {2}DATABASE {2}USER$/);
  assert.match(lines[2] ?? '', /4242 {3}archive {3}金\\x1b\[2J$/);
  assert.doesNotMatch(shown(items.slice(1)), /DATABASE/);
});

test('columns stand under each other whatever the names are made of', () => {
  const names = ['日本語', '👩‍👩‍👧', 'e\u0301', 'plain', 'a\u202eb', 'ﾊﾞ'];
  const lines = shown(names.map((name, at) => job(`job-${at}`, [record(1, { name })]))).split('\n');
  const rest = lines.slice(1, -1).map((line) => line.replace(/^job-\d {2}.*? {2,}n\/a/, ''));
  assert.equal(new Set(rest).size, 1, lines.join('\n'));
  assert.ok(lines[5]?.includes('a\\u202eb'));
});

test('as JSON a job has its figures and not their text', () => {
  const line = listLine(job('j', [record(1, { volume: 10, progress: 12 })]), new Map(), NOW);
  assert.ok(line);
  const { fraction, is_overrun, elapsed_ms, started_at, remaining_ms, owner } = listRow(line);
  assert.deepEqual(
    { fraction, is_overrun, elapsed_ms, started_at, remaining_ms, state: owner.state },
    {
      ...{ fraction: 1, is_overrun: true, elapsed_ms: 125_000 },
      ...{ started_at: '2026-11-20T12:00:00.000Z', remaining_ms: null, state: 'alive' },
    },
  );
});
