import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { TaskEvent } from '../../tasks/model/event.ts';
import { JobTable } from '../../tasks/model/fold.ts';
import type { JobTree } from '../../tasks/model/record.ts';
import { wireEvents } from '../wire.ts';
import { Board } from './board.ts';
import { jobOf, taskOf } from './job.fixture.ts';

const LEAVES = [1, 2, 3];

/** Job `at` has a root and three leaves, with ids from `10 * at` on. */
function jobAt(at: number): JobTree {
  const root = at * 10;
  const leaves = LEAVES.map((leaf) => taskOf({ id: root + leaf, parent: root, volume: 100 }));
  return jobOf([taskOf({ id: root, kind: 'group', mode: 'parallel' }), ...leaves], { id: at });
}

const change = fc.record({
  job: fc.integer({ min: 1, max: 3 }),
  leaves: fc.uniqueArray(fc.constantFrom(...LEAVES), { minLength: 1 }),
  kind: fc.constantFrom(
    ...(['progress', 'progress', 'progress', 'volume', 'finished', 'replaced', 'removed'] as const),
  ),
  amount: fc.nat(100),
  message: fc.option(fc.constantFrom('half', '<b>')),
});

/** A log as a store would write it: gapless, with absolute progress. */
function logOf(changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[]) {
  const taskSeqs = new Map<number, number>();
  const next = (task: number) => {
    taskSeqs.set(task, (taskSeqs.get(task) ?? 1) + 1);
    return taskSeqs.get(task) ?? 0;
  };
  let registrations = 3;
  const current = new Map([1, 2, 3].map((job) => [job, job]));
  return changes.map(({ job, leaves, kind, amount, message }, index): TaskEvent => {
    const jobId = current.get(job) ?? job;
    const base = {
      seq: index + 1,
      at: 1000 + index,
      database: 'default',
      user: 'anna',
      job: `${job}`,
    };
    const task = jobId * 10 + (leaves[0] ?? 1);
    const one = { ...base, jobId, task, taskSeq: next(task) };
    if (kind === 'volume') return { ...one, kind, volume: amount };
    if (kind === 'removed') return { ...one, kind, task: jobId * 10 };
    if (kind === 'finished') {
      const end = { progress: amount, volume: amount, message, error: null, isExcluded: false };
      return { ...one, kind, ...end };
    }
    if (kind === 'replaced') {
      registrations += 1;
      current.set(job, registrations);
      const { job: record, tasks } = jobAt(registrations);
      const root = registrations * 10;
      return {
        ...base,
        kind,
        jobId: registrations,
        task: root,
        taskSeq: 1,
        record,
        tasks,
        former: jobId,
      };
    }
    const movements = leaves.map((leaf) => {
      const moved = jobId * 10 + leaf;
      return { task: moved, taskSeq: next(moved), progress: amount, message };
    });
    return { ...base, kind, jobId, movements };
  });
}

function snapshotPart(jobs: readonly JobTree[], isFirst: boolean, isLast: boolean) {
  return { isFirst, isLast, isReset: false, seq: 0, jobs, owners: [] };
}

describe('a board', () => {
  test('holds what the table holds, however events were packed for the way', () => {
    const jobs = [1, 2, 3].map(jobAt);
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (changes, size) => {
          const log = logOf(changes);
          const table = new JobTable(jobs);
          for (const event of log) table.apply(event);
          const board = new Board();
          board.takeSnapshot(snapshotPart(jobs, true, true));
          for (let at = 0; at < log.length; at += size) {
            const sent = JSON.parse(JSON.stringify(wireEvents(log.slice(at, at + size))));
            board.takeEvents(sent);
          }
          assert.deepEqual(board.jobs, table.jobs);
          assert.deepEqual(
            [...board.ids],
            table.jobs.map(({ job }) => job.id),
          );
          for (const tree of table.jobs)
            assert.deepEqual(board.view(tree.job.id)?.tasks, tree.tasks);
        },
      ),
    );
  });

  test('shows a snapshot when all of it has come', () => {
    const board = new Board();
    assert.equal(board.takeSnapshot(snapshotPart([jobAt(1)], true, false)), false);
    assert.equal(board.size, 0);
    assert.equal(board.takeSnapshot(snapshotPart([jobAt(2)], false, true)), true);
    assert.deepEqual([...board.ids], [1, 2]);
  });

  test('begins anew when a snapshot broke off in the middle', () => {
    const board = new Board();
    board.takeSnapshot(snapshotPart([jobAt(1)], true, false));
    board.takeSnapshot(snapshotPart([jobAt(2)], true, true));
    assert.deepEqual([...board.ids], [2]);
  });

  test('lets go of the jobs of a database that was cleared', () => {
    const board = new Board();
    board.takeSnapshot(snapshotPart([jobAt(1), jobAt(2)], true, true));
    const cleared = { seq: 1, at: 1, database: 'default', user: 'anna', count: 2 };
    board.takeEvents([{ ...cleared, kind: 'cleared' }]);
    assert.equal(board.size, 0);
  });
});
