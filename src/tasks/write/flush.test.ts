import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Engine } from '../../engine/engine.ts';
import { all, one, run } from '../../engine/steps.ts';
import { openStore, type Running, runLeaves, taskRow } from '../live/leaves.fixture.ts';
import type { Movement } from '../model/event.ts';
import { JobTable } from '../model/fold.ts';
import { eventsBody } from '../read/events.ts';
import { pageBody } from '../read/jobs.ts';
import { type Flushed, flushBody, isLeaseDue, type Sample } from './flush.ts';
import { reapBody } from './reap.ts';
import { deleteJob } from './remove.ts';
import { finishBody } from './transition.ts';

const LEASE_MS = 15_000;
const everything = { database: null, user: null, job: null };

async function flush(
  engine: Engine,
  ownerId: number,
  samples: readonly Sample[],
  at = Date.now(),
): Promise<Flushed> {
  return await engine.write(() => flushBody({ ownerId, samples, leaseUntil: at + LEASE_MS, at }));
}

/** What `progress` events say, each as one list. */
async function movementsOf(engine: Engine): Promise<readonly (readonly Movement[])[]> {
  const { events } = await engine.read(() => eventsBody(0, everything));
  return events.flatMap((event) => (event.kind === 'progress' ? [event.movements] : []));
}

async function ownerOf(engine: Engine, id: number) {
  const row = await engine.read(() =>
    one<{ lease_until: number; lost_by_lease: number }>('SELECT * FROM owners WHERE id = ?', id),
  );
  assert.ok(row);
  return row;
}

test('a flush writes one event for each job, and no row that did not move', async (t) => {
  const { engine } = await openStore(t);
  const { ownerId, tasks } = await runLeaves(engine, 'a', 3);
  const [other = 0] = (await runLeaves(engine, 'b')).tasks;
  const [first = 0, second = 0, third = 0] = tasks;
  await flush(engine, ownerId, [
    { task: first, progress: 1.5 },
    { task: second, progress: 2, message: 'halfway' },
    { task: third, progress: 0 },
    { task: other, progress: 7 },
  ]);
  const [one, two] = await movementsOf(engine);
  assert.deepEqual(
    new Set(one),
    new Set([
      { task: first, taskSeq: 2, progress: 1.5, message: null },
      { task: second, taskSeq: 2, progress: 2, message: 'halfway' },
    ]),
  );
  assert.deepEqual(two, [{ task: other, taskSeq: 2, progress: 7, message: null }]);
  assert.equal((await taskRow(engine, third)).task_seq, 1);
});

test('progress only grows, and a message stays until another one is said', async (t) => {
  const { engine } = await openStore(t);
  const { ownerId, tasks } = await runLeaves(engine, 'a');
  const [task = 0] = tasks;
  const shown = async (sample: Omit<Sample, 'task'>) => {
    await flush(engine, ownerId, [{ task, ...sample }]);
    const { progress, message, task_seq } = await taskRow(engine, task);
    return [progress, message, task_seq];
  };
  assert.deepEqual(await shown({ progress: 5, message: 'five' }), [5, 'five', 2]);
  assert.deepEqual(await shown({ progress: 4 }), [5, 'five', 2]);
  assert.deepEqual(await shown({ progress: 6 }), [6, 'five', 3]);
  assert.deepEqual(await shown({ progress: 3, message: 'three' }), [6, 'three', 4]);
  assert.deepEqual(await shown({ progress: 6, message: 'three' }), [6, 'three', 4]);
  assert.deepEqual(await shown({ progress: 6, message: null }), [6, null, 5]);
});

test('tasks that have ended or are not there are gone, those that are behind are not', async (t) => {
  const { engine } = await openStore(t);
  const { ownerId, tasks } = await runLeaves(engine, 'a', 3);
  const removed = await runLeaves(engine, 'b');
  const [ended = 0, behind = 0, moves = 0] = tasks;
  await flush(engine, ownerId, [{ task: behind, progress: 9 }]);
  await engine.write(() => finishBody(ended, new Map(), Date.now()));
  await engine.write(() => deleteJob(removed.jobId));
  const samples = [ended, behind, moves, ...removed.tasks].map((task) => ({ task, progress: 2 }));
  const { gone } = await flush(engine, ownerId, samples);
  assert.deepEqual(gone, [ended, ...removed.tasks]);
});

test('a lease is due when a third of it is over, and after the clock was set back', async (t) => {
  const due = (at: number) => isLeaseDue(LEASE_MS, at, LEASE_MS);
  assert.deepEqual([-1, 0, 4999, 5001, 60_000].map(due), [true, false, false, true, true]);
  const { engine } = await openStore(t);
  const { ownerId, tasks } = await runLeaves(engine, 'a');
  const at = Date.now();
  await flush(engine, ownerId, [], at + 7);
  await engine.write(() => flushBody({ ownerId, samples: [], at: at + 9 }));
  assert.equal((await ownerOf(engine, ownerId)).lease_until, at + 7 + LEASE_MS);
  assert.equal((await taskRow(engine, tasks[0] ?? 0)).task_seq, 1);
});

test('active jobs whose owner was asked to cancel them are answered', async (t) => {
  const { engine } = await openStore(t);
  const { ownerId, jobId } = await runLeaves(engine, 'a');
  const ended = await runLeaves(engine, 'b');
  await runLeaves(engine, 'c');
  await engine.write(function* () {
    yield* run('UPDATE jobs SET cancel_requested_at = 1 WHERE id IN (?, ?)', jobId, ended.jobId);
    yield* run('UPDATE jobs SET is_active = 0 WHERE id = ?', ended.jobId);
  });
  assert.deepEqual((await flush(engine, ownerId, [])).cancelRequested, [jobId]);
});

/** Others give the owner up because of its lease. */
async function loseByLease(engine: Engine, ownerId: number): Promise<void> {
  const { lease_until: leaseUntil } = await ownerOf(engine, ownerId);
  await engine.write(() => reapBody([{ id: ownerId, leaseUntil }], Date.now()));
}

test('an owner that was given up because of its lease gets back what it lost, in one flush', async (t) => {
  const { engine } = await openStore(t);
  const { ownerId, jobId, tasks } = await runLeaves(engine, 'a', 2);
  const [ended = 0, running = 0] = tasks;
  await engine.write(() => finishBody(ended, new Map(), Date.now()));
  await loseByLease(engine, ownerId);
  assert.equal((await taskRow(engine, running)).status, 'lost');
  const { gone } = await flush(engine, ownerId, [{ task: running, progress: 3 }]);
  assert.deepEqual(gone, []);
  const back = await taskRow(engine, running);
  assert.deepEqual([back.status, back.finished_at, back.progress], ['running', null, 3]);
  assert.equal((await taskRow(engine, ended)).status, 'finished');
  const jobs = await engine.read(() =>
    all<{ id: number }>('SELECT id FROM jobs WHERE is_active = 1 AND ended_at IS NULL'),
  );
  assert.deepEqual(
    jobs.map(({ id }) => id),
    [jobId],
  );
  assert.equal((await ownerOf(engine, ownerId)).lost_by_lease, 0);
});

type Action =
  | { readonly do: 'flush'; readonly samples: readonly (Omit<Sample, 'task'> & { leaf: number })[] }
  | { readonly do: 'finish' | 'remove'; readonly leaf: number }
  | { readonly do: 'lose' };

const LEAVES = 4;
const leafNumber = fc.nat(2 * LEAVES - 1);
const sample = fc.record(
  {
    leaf: leafNumber,
    progress: fc.oneof(fc.nat(20), fc.double({ min: 0, max: 2 ** 53, noNaN: true })),
    message: fc.option(fc.string({ maxLength: 8, unit: 'grapheme' })),
  },
  { requiredKeys: ['leaf', 'progress'] },
);
const samples = fc.uniqueArray(sample, { selector: ({ leaf }) => leaf, maxLength: 2 * LEAVES });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('flush' as const), samples }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('finish' as const), leaf: leafNumber }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), leaf: leafNumber }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const) }) },
);

/** Two jobs, whose leaves are numbered together. */
async function act(engine: Engine, jobs: readonly Running[], action: Action): Promise<void> {
  const tasks = jobs.flatMap((job) => job.tasks);
  const taskAt = (leaf: number) => tasks[leaf] ?? 0;
  const ownerId = jobs[0]?.ownerId ?? 0;
  if (action.do === 'lose') await loseByLease(engine, ownerId);
  else if (action.do === 'flush') {
    const taken = action.samples.map(({ leaf, ...rest }) => ({ task: taskAt(leaf), ...rest }));
    await flush(engine, ownerId, taken);
  } else if (action.do === 'remove') {
    const { jobId = 0 } = jobs[Math.floor(action.leaf / LEAVES)] ?? {};
    await engine.write(() => deleteJob(jobId));
  } else {
    // One that has ended, or is not there, refuses.
    const body = () => finishBody(taskAt(action.leaf), new Map(), Date.now());
    await engine.write(body).catch(() => undefined);
  }
}

test('whatever is flushed, ended and lost, the log folded is the table', async (t) => {
  const { engine } = await openStore(t);
  let seq = 0;
  const table = new JobTable();
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 12 }), async (actions) => {
      const jobs = [await runLeaves(engine, 'a', LEAVES), await runLeaves(engine, 'b', LEAVES)];
      for (const action of actions) {
        await act(engine, jobs, action);
        const page = await engine.read(() => eventsBody(seq, everything));
        for (const event of page.events) table.apply(event);
        seq = page.seq;
        const request = { scope: everything, status: null, limit: 10, after: 0 };
        const there = await engine.read(() => pageBody(request));
        const folded = table.jobs.filter(({ job }) =>
          there.jobs.some((it) => it.job.id === job.id),
        );
        assert.deepEqual(folded, there.jobs);
      }
    }),
    { numRuns: 60 },
  );
});
