import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jobOf, sampleJob, taskOf } from './job.fixture.ts';
import { LINGER_MS, USUAL_FILTER } from './job-filter.ts';
import { JobView } from './job-view.ts';
import { inOrder, taskRows } from './task-rows.ts';

const NOW = 1_000_000;
const ended = { status: 'finished', startedAt: 1000 } as const;

function shown(filter: Partial<typeof USUAL_FILTER> = {}, folding = new Map<number, boolean>()) {
  const rows = taskRows([new JobView(sampleJob())], { ...USUAL_FILTER, ...filter }, folding, NOW);
  return rows.map(({ name, depth }) => `${'  '.repeat(depth)}${name}`);
}

describe('the rows of a job', () => {
  test('show what runs, and rounds by their number', () => {
    assert.deepEqual(shown(), [
      'Import',
      '  Read',
      '  Refine',
      '    Round 1 of 2',
      '    Round 2 of 2',
      '  Write',
    ]);
  });

  test('are folded as the reader says', () => {
    assert.deepEqual(shown({}, new Map([[12, false]])), [
      ...['Import', '  Read', '  Refine', '  Write'],
    ]);
    assert.deepEqual(shown({}, new Map([[10, false]])), ['Import']);
  });

  test('are those with the text in their name, and what they are a part of', () => {
    assert.deepEqual(shown({ text: 'rOUnd' }, new Map([[10, false]])), [
      ...['Import', '  Refine', '    Round 1 of 2', '    Round 2 of 2'],
    ]);
    assert.equal(shown({ text: 'import' }).length, 6);
    assert.equal(shown({ text: 'job-10' }).length, 6);
    assert.deepEqual(shown({ text: 'nowhere' }), []);
  });

  test('are left out by database, user, job and status', () => {
    assert.deepEqual(shown({ databases: new Set(['other']) }), []);
    assert.deepEqual(shown({ users: new Set(['bert']) }), []);
    assert.deepEqual(shown({ job: 'JOB-11' }), []);
    assert.deepEqual(shown({ statuses: new Set(['failed'] as const) }), []);
    assert.equal(shown({ job: 'B-1', statuses: new Set(['running'] as const) }).length, 6);
  });

  test('say their place among their siblings', () => {
    const [, , refine, , second] = taskRows(
      [new JobView(sampleJob())],
      USUAL_FILTER,
      new Map(),
      NOW,
    );
    assert.deepEqual([refine?.place, refine?.count, refine?.isUnfolded], [2, 3, true]);
    assert.deepEqual([second?.place, second?.count, second?.isUnfolded], [2, 2, undefined]);
  });

  test('of a tree that is deeper than a stack are all there', () => {
    const depth = 20_000;
    const tasks = Array.from({ length: depth }, (_, id) =>
      taskOf({
        ...{ id, parent: id === 0 ? null : id - 1, kind: id === depth - 1 ? 'leaf' : 'group' },
        ...{ status: 'running', startedAt: 1 },
      }),
    );
    const rows = taskRows([new JobView(jobOf(tasks))], USUAL_FILTER, new Map(), NOW);
    assert.equal(rows.length, depth);
  });
});

describe('jobs', () => {
  const jobs = [
    jobOf([taskOf({ id: 1, ...ended, finishedAt: NOW - 10 })]),
    jobOf([taskOf({ id: 2, status: 'running', startedAt: 5 })]),
    jobOf([taskOf({ id: 3, ...ended, finishedAt: NOW - LINGER_MS - 1 })]),
    jobOf([taskOf({ id: 4 })]),
  ].map((tree) => new JobView(tree));

  test('stand in order: active ones by their age, then those that ended last', () => {
    assert.deepEqual(
      inOrder(jobs).map(({ job }) => job.id),
      [4, 2, 1, 3],
    );
  });

  test('that have ended stay among the active ones for a minute', () => {
    const keys = (activeOnly: boolean) =>
      taskRows(jobs, { ...USUAL_FILTER, activeOnly }, new Map(), NOW).map(({ key }) => key);
    assert.deepEqual(keys(true), [1, 2, 4]);
    assert.deepEqual(keys(false), [1, 2, 3, 4]);
  });
});
