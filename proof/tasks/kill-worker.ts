import { openSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { HoldfastError } from '../../src/errors.ts';
import { group, iterative, type Job, leaf, type Plan, type Task, Tasks } from '../../src/tasks.ts';
import { Random } from '../../src/torture/declare/random.ts';
import { endWithParent } from '../end-with-parent.ts';
import { Journal } from '../journal.ts';
import { type Mark, type Sample, samplesOf, type TasksEntry } from './deeds.ts';

// One writer of the storm: runs random jobs one after the other beside one that goes on all the time,
// and notes what it asks for, what has resolved, and how far tasks have come. Arguments: directory
// of the store, file of its journal, seed, and the name of a deliberate fault, if any.

const [dir = '', file = '', seed = '0', fault] = process.argv.slice(2);
endWithParent();
process.once('SIGTERM', () => process.exit());
const journal = new Journal<TasksEntry>(file, fault === 'early');
const samples = openSync(samplesOf(file), 'a');
const random = new Random(seed);
const SHARED_KEYS = 3;
const MOVE_MS = 4;
/** How long a leaf goes on, at most. */
const LEAF_MS = 12;

journal.note({ event: 'begin', kind: 'open' });
const tasks = await Tasks.open({
  ...{ dir, lockTimeoutMs: 30_000, database: random.pick(['Storm', 'storm', ' STORM ']) },
  durability: random.int(4) === 0 ? 'power' : 'process',
  // The log is to be whole, and the table small enough to be read often.
  retention: { events: 10_000_000, endedJobs: 200 },
});
journal.note({ event: 'done', kind: 'open' });

/** Leaves that are moved on all the time. */
const moving = new Set<Task>();
setInterval(() => {
  const progress: Record<number, number> = {};
  for (const task of moving) {
    task.advance(1 + random.int(3));
    progress[task.id] = task.progress;
  }
  const sample: Sample = { at: Date.now(), progress };
  writeSync(samples, `${JSON.stringify(sample)}\n`);
}, MOVE_MS);

/** `marks` are those of what is asked for, `found` those of what only its answer tells. */
async function act<T>(
  kind: TasksEntry['kind'],
  marks: readonly Mark[],
  work: () => Promise<T>,
  found: (answer: T) => readonly Mark[] = () => [],
): Promise<T> {
  const answers: T[] = [];
  await journal.act({ event: 'begin', kind, marks }, async () => {
    const answer = await work();
    answers.push(answer);
    return { event: 'done', kind, marks: [...marks, ...found(answer)] };
  });
  return answers[0] as T;
}

async function register(plan: Plan, key?: string): Promise<Job> {
  const options = { job: key, onConflict: 'replace', user: key ? 'shared' : 'own' } as const;
  return await act(
    'register',
    [],
    () => tasks.register(plan, options),
    ({ root, generation }) => [{ task: root.id, kind: generation === 1 ? 'stored' : 'replaced' }],
  );
}

function start(task: Task): Promise<void> {
  return act('start', [{ task: task.id, kind: 'started' }], () => task.start());
}

async function end(task: Task): Promise<void> {
  moving.delete(task);
  const lot = random.int(10);
  if (lot === 0) await act('fail', [{ task: task.id, kind: 'failed' }], () => task.fail('drawn'));
  else if (lot === 1)
    await act('cancel', [{ task: task.id, kind: 'canceled' }], () => task.cancel());
  else await act('finish', [{ task: task.id, kind: 'finished' }], () => task.finish());
}

/** A leaf from its start, if that is still to come, to its end. */
async function runLeaf(task: Task, isStarted: boolean): Promise<void> {
  if (!isStarted) await start(task);
  moving.add(task);
  const lot = random.int(8);
  if (lot === 0) await act('log', [{ task: task.id, kind: 'log' }], () => task.log('as drawn'));
  else if (lot === 1) {
    const volume = random.int(1000);
    await act('volume', [{ task: task.id, kind: 'volume' }], () => task.setVolume(volume));
  } else if (lot === 2) task.describe('as drawn');
  await pause(random.int(LEAF_MS));
  await end(task);
}

function drawnPlan(): Plan {
  const volume = random.int(50);
  const parts = Array.from({ length: 1 + random.int(3) }, () => leaf('part', { volume }));
  const lot = random.int(4);
  if (lot === 0) return iterative('rounds', parts, { mode: 'open' });
  if (lot === 1) return iterative('rounds', parts, { mode: 'dynamic', rounds: 2 });
  return group('job', parts, { mode: lot === 2 ? 'parallel' : 'sequential' });
}

async function runRounds(root: Task): Promise<void> {
  await start(root);
  for (let left = 1 + random.int(4); left > 0; left -= 1) {
    const task = await act(
      'next',
      [],
      () => root.next(),
      (next) => (next ? [{ task: next.id, kind: 'started' }] : []),
    );
    if (task === undefined) break;
    await runLeaf(task, true);
  }
}

async function runParts(root: Task): Promise<void> {
  for (const task of root.children) await runLeaf(task, false);
  if (random.int(3) > 0) return;
  const added = [{ task: root.id, kind: 'added' }] as const;
  await runLeaf(await act('add', added, () => root.add(leaf('late'))), false);
}

async function runJob({ root }: Job): Promise<void> {
  if (root.kind === 'iterative') await runRounds(root);
  else await runParts(root);
  const last = root.children.at(-1);
  if (last?.status !== 'pending') return await end(root);
  const failed = [last, root].map(({ id: task }): Mark => ({ task, kind: 'failed' }));
  await act('fail', failed, () => last.fail('drawn', { ancestors: true }));
}

const both = group('background', [leaf('a'), leaf('b')], { mode: 'parallel' });
const background = await register(both);
for (const task of background.root.children) {
  await start(task);
  moving.add(task);
}
journal.noteAtWork();
for (;;) {
  const key = random.int(6) === 0 ? `shared-${random.int(SHARED_KEYS)}` : undefined;
  const job = await register(drawnPlan(), key);
  try {
    await runJob(job);
  } catch (error) {
    // Another one has taken the shared id.
    if (!(key && error instanceof HoldfastError && error.code === 'DETACHED')) throw error;
    journal.note({ event: 'failed', kind: 'finish' });
    for (const task of job.root.children) moving.delete(task);
  }
  if (random.int(10) === 0) {
    const asked = `shared-${random.int(SHARED_KEYS)}`;
    await act('request', [], () => tasks.requestCancel(asked, { user: 'shared' }));
  }
}
