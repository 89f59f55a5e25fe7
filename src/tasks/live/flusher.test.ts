import assert from 'node:assert/strict';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import type { Engine } from '../../engine/engine.ts';
import { WriterLock } from '../../engine/lock.ts';
import { one, run } from '../../engine/steps.ts';
import type { HoldfastError } from '../../errors.ts';
import { deleteJob } from '../write/remove.ts';
import { finishBody } from '../write/transition.ts';
import { Flusher, type FlusherOptions } from './flusher.ts';
import {
  openStore,
  progressEvents,
  runLeaves,
  startCounting,
  taskRow,
  until,
} from './leaves.fixture.ts';
import { type Slot, SlotSpace } from './slots.ts';

const space = new SlotSpace();

function add(slot: Slot, amount: number): void {
  slot.values[slot.index] = (slot.values[slot.index] ?? 0) + amount;
}

/** What a flusher has told. */
interface Told {
  readonly gone: number[];
  readonly cancelRequested: number[];
  readonly failed: HoldfastError[];
}

/** A flusher of quick beats, closed after the test. */
function startFlusher(
  t: TestContext,
  options: Pick<FlusherOptions, 'file' | 'ownerId'> & Partial<FlusherOptions>,
): { readonly flusher: Flusher; readonly told: Told } {
  const told: Told = { gone: [], cancelRequested: [], failed: [] };
  const flusher = Flusher.start(
    { durability: 'process', intervalMs: 20, ...options },
    {
      gone: (tasks) => told.gone.push(...tasks),
      cancelRequested: (jobIds) => told.cancelRequested.push(...jobIds),
      failed: (error) => told.failed.push(error as HoldfastError),
    },
  );
  t.after(() => flusher.close());
  return { flusher, told };
}

/** A store with a job of one leaf, which a flusher follows. */
async function followLeaf(t: TestContext, options: Partial<FlusherOptions> = {}) {
  const { file, engine } = await openStore(t);
  const { ownerId, jobId, tasks } = await runLeaves(engine, 'one');
  const [task = 0] = tasks;
  const { flusher, told } = startFlusher(t, { file, ownerId, ...options });
  const slot = space.claim();
  flusher.track(task, jobId, [slot], 0);
  return { file, engine, flusher, told, task, slot, jobId, ownerId };
}

async function progressOf(engine: Engine, task: number): Promise<number> {
  return (await taskRow(engine, task)).progress;
}

test('what four threads count a million times each comes to exactly four million', async (t) => {
  const { engine, flusher, task } = await followLeaf(t);
  const file = new URL('counting.fixture.ts', import.meta.url);
  const threads = Array.from({ length: 4 }, () => {
    const { values, index } = space.claim();
    flusher.addSlot(task, { values, index });
    const share = { buffer: values.buffer, index };
    return new Worker(file, { workerData: { share, count: 1_000_000 } });
  });
  await Promise.all(threads.map((thread) => once(thread, 'message')));
  await flusher.close();
  assert.equal(await progressOf(engine, task), 4_000_000);
});

test('while the main thread of a process is blocked for 5 s, others go on seeing updates and a living lease', async (t) => {
  const { file, engine } = await openStore(t);
  const { running } = await startCounting(t, ['block', file, '5000']);
  const [task = 0] = running.tasks;
  const seen = new Set<number>();
  const ages: number[] = [];
  let shortestLeaseMs = Number.POSITIVE_INFINITY;
  const startedAt = Date.now();
  while (Date.now() - startedAt < 4900) {
    const progress = await progressOf(engine, task);
    seen.add(progress);
    if (seen.size > 1) ages.push(Date.now() - progress);
    const owner = await engine.read(() =>
      one<{ until: number }>(
        'SELECT lease_until AS until FROM owners WHERE id = ?',
        running.ownerId,
      ),
    );
    shortestLeaseMs = Math.min(shortestLeaseMs, (owner?.until ?? 0) - Date.now());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const oldest = ages.sort((a, b) => a - b);
  const p99 = oldest[Math.floor(oldest.length * 0.99)] ?? 0;
  t.diagnostic(`${seen.size} updates, p99 of their age ${p99} ms, lease ${shortestLeaseMs} ms`);
  // Forty on a calm machine, which test/tasks-processes.test.ts waits for.
  assert.ok(seen.size >= 20, `${seen.size} updates`);
  assert.ok(shortestLeaseMs > 5000);
});

test('kill -9 takes the last 300 ms of progress at most', async (t) => {
  const { file, engine } = await openStore(t);
  const lost: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    const child = await startCounting(t, ['count', file]);
    const [task = 0] = child.running.tasks;
    let flushes = 0;
    for (let last = 0; flushes < 2; ) {
      await until(async () => (await progressOf(engine, task)) > last);
      last = await progressOf(engine, task);
      flushes += 1;
    }
    // Somewhere between two flushes.
    await until(async () => Date.now() - (await progressOf(engine, task)) > 50 * round);
    const killedAt = Date.now();
    child.process.kill('SIGKILL');
    await once(child.process, 'exit');
    lost.push(killedAt - (await progressOf(engine, task)));
  }
  t.diagnostic(`lost ${lost.join(', ')} ms`);
  assert.ok(Math.min(...lost) <= 300, `${lost}`);
  // A busy machine lets threads wait for their turn.
  assert.ok(Math.max(...lost) <= 1500, `${lost}`);
});

test('what was counted and said right before process.exit is there', async (t) => {
  const { file, engine } = await openStore(t);
  for (const role of ['exit', 'end']) {
    const child = await startCounting(t, [role, file]);
    const [code] = await once(child.process, 'exit');
    const row = await taskRow(engine, child.running.tasks[0] ?? 0);
    assert.deepEqual([code, row.progress, row.message], [0, 42, 'all done'], role);
  }
});

test('where a process may start no threads, a timer does it', async (t) => {
  const { file, engine } = await openStore(t);
  const permission = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', '--allow-addons'];
  const child = await startCounting(t, ['count', file], [...permission, '--no-warnings']);
  assert.equal('isThread' in child.running && child.running.isThread, false);
  await until(async () => (await progressOf(engine, child.running.tasks[0] ?? 0)) > 0);
});

test('where the thread has no file of its own, because all is in one bundle, a timer does it', async (t) => {
  const { file, engine } = await openStore(t);
  const bundle = join(dirname(file), 'bundle.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'counting.fixture.ts')],
    ...{ outfile: bundle, bundle: true, platform: 'node', format: 'esm', packages: 'external' },
  });
  const child = await startCounting(t, ['count', file], [], bundle);
  await until(async () => (await progressOf(engine, child.running.tasks[0] ?? 0)) > 0);
});

test('while another process holds the writer lock nothing is lost, and later values follow', async (t) => {
  const { file, engine, flusher, told, task, slot } = await followLeaf(t);
  add(slot, 1);
  await until(async () => (await progressOf(engine, task)) === 1);
  const lock = new WriterLock(file.replace(/\.db$/, '.lock'));
  t.after(() => lock.close());
  await until(() => lock.tryAcquire());
  const heldFrom = Date.now();
  await until(() => {
    add(slot, 1);
    return Date.now() - heldFrom > 300;
  });
  assert.equal(await progressOf(engine, task), 1);
  lock.release();
  const counted = slot.values[slot.index];
  await until(async () => (await progressOf(engine, task)) === counted);
  add(slot, 0.5);
  await flusher.close();
  assert.equal(await progressOf(engine, task), (counted ?? 0) + 0.5);
  assert.deepEqual(told.failed, []);
});

for (const worker of [true, false]) {
  const where = worker ? 'in a thread' : 'by a timer';

  test(`a task that was removed or ended by others is told of, whether it moves or not, ${where}`, async (t) => {
    const { file, engine } = await openStore(t);
    const moving = await runLeaves(engine, 'moving');
    const still = await runLeaves(engine, 'still');
    const ended = await runLeaves(engine, 'ended', 2);
    const { flusher, told } = startFlusher(t, { file, ownerId: moving.ownerId, worker });
    const slots = [moving, still, ended].map(({ jobId, tasks }) => {
      const slot = space.claim();
      flusher.track(tasks[0] ?? 0, jobId, [slot], 0);
      return slot;
    });
    await engine.write(function* () {
      yield* deleteJob(moving.jobId);
      yield* deleteJob(still.jobId);
      yield* finishBody(ended.tasks[0] ?? 0, new Map(), Date.now());
    });
    for (const index of [0, 2]) add(slots[index] as Slot, 1);
    await until(() => told.gone.length === 3);
    const tasks = [moving, still, ended].map((running) => running.tasks[0]);
    assert.deepEqual(new Set(told.gone), new Set(tasks));
  });

  test(`a request to cancel reaches a task that does not move, once, ${where}`, async (t) => {
    const { engine, told, task, slot, jobId } = await followLeaf(t, { worker });
    await engine.write(() => run('UPDATE jobs SET cancel_requested_at = 1 WHERE id = ?', jobId));
    await until(() => told.cancelRequested.length > 0);
    add(slot, 1);
    await until(async () => (await progressOf(engine, task)) === 1);
    add(slot, 1);
    await until(async () => (await progressOf(engine, task)) === 2);
    assert.deepEqual(told.cancelRequested, [jobId]);
  });

  test(`what is not untracked in time is not told to be gone when it was ended here, ${where}`, async (t) => {
    const { engine, flusher, told, task, slot } = await followLeaf(t, { worker, intervalMs: 1 });
    for (let round = 0; round < 20; round += 1) {
      const { jobId, tasks } = await runLeaves(engine, `round-${round}`);
      const [leaf = 0] = tasks;
      const other = space.claim();
      flusher.track(leaf, jobId, [other], 0);
      add(other, 1);
      await until(async () => (await progressOf(engine, leaf)) === 1);
      add(other, 1);
      await engine.write(() => finishBody(leaf, new Map(), Date.now()));
      flusher.untrack(leaf);
    }
    add(slot, 1);
    await until(async () => (await progressOf(engine, task)) === 1);
    assert.deepEqual(told.gone, []);
  });
}

test('nothing is written while nothing moves, until the lease is due', async (t) => {
  const { engine, told, slot, task, jobId, ownerId } = await followLeaf(t, { leaseMs: 1500 });
  const leaseOf = async () => {
    const row = await engine.read(() =>
      one<{ until: number }>('SELECT lease_until AS until FROM owners WHERE id = ?', ownerId),
    );
    return row?.until ?? 0;
  };
  add(slot, 1);
  await until(async () => (await progressOf(engine, task)) === 1);
  const first = await leaseOf();
  const changes = engine.changes();
  let hints = 0;
  const counting = (async () => {
    for await (const _ of changes) hints += 1;
  })();
  await until(async () => (await leaseOf()) > first);
  const leftMs = first - Date.now();
  assert.ok(leftMs > 500 && leftMs <= 1000, `renewed with ${leftMs} ms left`);
  // The renewal alone, which is two hints to who looks while it goes on.
  assert.ok(hints <= 2, `${hints} hints`);
  // And the loop still looks: a request arrives.
  await engine.write(() => run('UPDATE jobs SET cancel_requested_at = 1 WHERE id = ?', jobId));
  await until(() => told.cancelRequested.length > 0);
  await engine.close();
  await counting;
});

test('of many texts a task says while the loop cannot keep up, the last one arrives', async (t) => {
  const { engine, flusher, task } = await followLeaf(t);
  for (let index = 0; index <= 20_000; index += 1) flusher.message(task, `at ${index}`);
  await until(async () => (await taskRow(engine, task)).message === 'at 20000');
  assert.ok((await progressEvents(engine)) < 20);
  flusher.message(task, null);
  await until(async () => (await taskRow(engine, task)).message === null);
  assert.equal((await taskRow(engine, task)).progress, 0);
});

test('a store that is moved away is told of once, and written to when it is back', async (t) => {
  const { file, engine, told, task, slot } = await followLeaf(t);
  add(slot, 1);
  await until(async () => (await progressOf(engine, task)) === 1);
  renameSync(file, `${file}.away`);
  add(slot, 1);
  await until(() => told.failed.length > 0);
  add(slot, 1);
  renameSync(`${file}.away`, file);
  await until(async () => (await progressOf(engine, task)) === 3);
  assert.deepEqual(
    told.failed.map(({ code }) => code),
    ['STORE_REPLACED'],
  );
});

test('values that are no numbers never reach the file, and do not keep others from it', async (t) => {
  const { engine, told, task, slot, flusher, jobId } = await followLeaf(t);
  const { tasks } = await runLeaves(engine, 'other');
  const [other = 0] = tasks;
  const bad = space.claim();
  flusher.track(other, jobId, [bad], 0);
  bad.values[bad.index] = Number.NaN;
  flusher.message(other, 'counts nothing');
  add(slot, 1);
  await until(async () => (await progressOf(engine, task)) === 1);
  bad.values[bad.index] = Number.POSITIVE_INFINITY;
  await until(async () => (await progressOf(engine, other)) === Number.MAX_SAFE_INTEGER);
  assert.deepEqual(told.failed, []);
});
