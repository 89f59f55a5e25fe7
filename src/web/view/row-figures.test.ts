import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JobTree, OwnerRecord, TaskRecord } from '../../tasks/model/record.ts';
import { jobOf, sampleJob, taskOf } from './job.fixture.ts';
import { JobView } from './job-view.ts';
import { type RowBasis, rowFigures } from './row-figures.ts';

const owner: OwnerRecord = {
  ...{ id: 1, pid: 4711, host: 'here', command: 'node import.js', cwd: '/', leaseUntil: 0 },
  state: 'alive',
};

function figures(tree: JobTree, id: number, said: Partial<RowBasis> = {}) {
  const view = new JobView(tree);
  const task = view.tree.byId.get(id);
  assert.ok(task);
  const nothing = { estimate: undefined, remainingMs: null, comparison: undefined };
  return rowFigures({ view, task, ...nothing, owner, now: 5000, ...said });
}

const one = (said: Partial<TaskRecord>) => jobOf([taskOf({ id: 1, ...said })]);

describe('a row', () => {
  test('of a group tells what its parts amount to', () => {
    const row = figures(sampleJob(), 10, { remainingMs: 62_000 });
    assert.equal(row.progress, '58.3%');
    assert.equal(row.fill.toFixed(4), '0.5833');
    assert.equal(row.left, '1:02');
    assert.equal(row.elapsed, '0:04');
    assert.equal(row.aside, 'default / anna');
    assert.equal(row.owner?.pid, 4711);
  });

  test('of what is unknown shows what is known, and no percentage', () => {
    const running = { status: 'running', startedAt: 1 } as const;
    const leaf = figures(one({ ...running, progress: 1440, unit: 'terms' }), 1);
    assert.deepEqual([leaf.progress, leaf.isLeast, leaf.left], ['1,440 terms', true, '–']);
    const open = jobOf([
      taskOf({ id: 1, kind: 'iterative', mode: 'open', roundSize: 1, ...running }),
      taskOf({ id: 2, parent: 1, status: 'finished', startedAt: 1, finishedAt: 2 }),
      taskOf({ id: 3, parent: 1, ...running }),
    ]);
    assert.equal(figures(open, 1).progress, 'round 2');
  });

  test('of what has not begun says nothing of progress, even where there is nothing to do', () => {
    const row = figures(one({ volume: 0 }), 1);
    assert.deepEqual([row.progress, row.fill, row.elapsed, row.isUnbegun], ['', 0, '', false]);
    assert.equal(figures(one({ status: 'lost', finishedAt: 3 }), 1).isUnbegun, true);
  });

  test('of a finished task tells the difference to former runs', () => {
    const done = one({ status: 'finished', startedAt: 1000, finishedAt: 4500 });
    const comparison = { tookMs: 3500, medianMs: 2500, runs: 4, difference: 0.4 };
    const row = figures(done, 1, { comparison });
    assert.deepEqual([row.left, row.isSlow, row.elapsed], ['+40%', true, '3.5 s']);
    assert.match(row.leftTitle, /3\.5 s; the median of 4 former runs took 2\.5 s/);
    const quick = figures(done, 1, { comparison: { ...comparison, difference: -0.4 } });
    assert.deepEqual([quick.left, quick.isSlow], ['−40%', false]);
  });

  test('of a lost job names the dead process, and of other ends none', () => {
    const ended = { startedAt: 1, finishedAt: 2 } as const;
    assert.equal(figures(one({ status: 'lost', ...ended }), 1).owner?.state, 'dead');
    assert.equal(figures(one({ status: 'finished', ...ended }), 1).owner, undefined);
  });

  test('can be cancelled while it is the root of an active job, once', () => {
    assert.equal(figures(sampleJob(), 10).canCancel, true);
    assert.equal(figures(sampleJob(), 11).canCancel, false);
    const tree = sampleJob();
    const asked = { ...tree, job: { ...tree.job, cancelRequestedAt: 4000 } };
    assert.deepEqual(
      [figures(asked, 10).canCancel, figures(asked, 10).isCancelRequested],
      [false, true],
    );
    assert.equal(figures(one({ status: 'failed', finishedAt: 2 }), 1).canCancel, false);
  });

  test('tells the estimate of memory beside what its process has', () => {
    const tree = jobOf([taskOf({ id: 1, status: 'running', startedAt: 1 })], {
      ...{ memoryMinBytes: 2 ** 20, memoryMaxBytes: 2 ** 30 },
    });
    const row = figures(tree, 1, { owner: { ...owner, residentBytes: 3 * 2 ** 20 } });
    assert.equal(row.memory, '3 MiB / 1 GiB');
    assert.equal(row.memoryTitle, 'its process has 3 MiB; estimated 1 MiB to 1 GiB');
    assert.equal(figures(tree, 1).memory, '1 GiB');
  });

  test('says why it failed, and what it does', () => {
    assert.equal(figures(one({ error: 'no <b>' }), 1).aside, 'default / anna · no <b>');
    const sample = figures(
      jobOf([taskOf({ id: 1 }), taskOf({ id: 2, parent: 1, message: 'half' })]),
      2,
    );
    assert.equal(sample.aside, 'half');
  });
});
