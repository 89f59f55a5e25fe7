import assert from 'node:assert/strict';
import { chmodSync, closeSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Hand } from '../proof/tasks/crew.ts';
import { Follower } from '../proof/tasks/follower.ts';
import { HoldfastError } from '../src/errors.ts';
import { group, type Job, type Listing, leaf } from '../src/tasks.ts';
import { tmpfs } from '../src/torture/faults/tmpfs.ts';
import { directoryOf, openTasks } from './tasks/directory.ts';
import type { TestHand } from './tasks/hand.ts';
import { assertWhole } from './tasks/soundness.ts';

const hand = join(import.meta.dirname, 'tasks/hand.ts');
const DISK_BYTES = 4 * 1024 * 1024;
/** What may be said of a full disk. */
const FULL = ['DISK_FULL', 'IO_ERROR', 'COMMIT_UNKNOWN'];

/** Leaves no room. */
function fill(file: string): void {
  const filler = openSync(file, 'w');
  const page = Buffer.alloc(4096, 1);
  try {
    for (;;) writeSync(filler, page);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    closeSync(filler);
  }
}

/** Counts all the time, until the test ends; a throw would end the process. */
function keepMoving(t: TestContext, job: Job): void {
  const task = job.child('runs');
  const timer = setInterval(() => task.advance(), 2);
  t.after(() => clearInterval(timer));
}

const shown = ({ items }: Listing) =>
  items.map(({ job, tasks, owner }) => {
    const root = tasks.find(({ id }) => id === job.root);
    return `${root?.status} of ${owner.state}`;
  });

const plan = group('job', [leaf('runs'), leaf('waits')], { mode: 'parallel' });

test('on a full disk transitions are refused, progress waits, readers go on, and room brings all back', async (t) => {
  const disk = await tmpfs(DISK_BYTES);
  if ('skipped' in disk) return t.skip(disk.skipped);
  await using _ = disk;
  const dir = join(disk.dir, 'data');
  const filler = join(disk.dir, 'filler');
  const tasks = await openTasks(t, { dir });
  const other = await openTasks(t, { dir });
  await using victim = new Hand<TestHand>(hand);
  await victim.call('open', dir);
  await victim.call('hold', 1);
  const job = await tasks.register(plan, { job: 'j' });
  const runs = job.child('runs');
  await runs.start();
  keepMoving(t, job);
  await using follower = new Follower(other);
  fill(filler);
  const refused = new Set<string>();
  while (refused.size === 0) {
    await runs.log('x'.repeat(4000)).catch((error: unknown) => {
      assert.ok(error instanceof HoldfastError, String(error));
      refused.add(error.code);
    });
  }
  for (const call of [() => runs.finish(), () => job.cancel(), () => tasks.register(leaf('new'))]) {
    await assert.rejects(call(), (error: unknown) => {
      assert.ok(error instanceof HoldfastError, String(error));
      refused.add(error.code);
      return true;
    });
  }
  assert.deepEqual(
    [...refused].filter((code) => !FULL.includes(code)),
    [],
  );
  assert.equal(runs.status, 'running');
  await victim.kill();
  // Nobody can write down that it is lost.
  assert.deepEqual(shown(await other.list()), ['running of dead', 'running of alive']);
  await assert.rejects(tasks.reap(), HoldfastError);
  const counted = runs.progress;
  while (runs.progress === counted) await pause(2);
  rmSync(filler);
  await runs.finish();
  await job.finish();
  assert.deepEqual(shown(await other.list()), ['lost of dead', 'finished of alive']);
  const { seq } = await tasks.list();
  await follower.reach(seq);
  assert.deepEqual(follower.faults, []);
  await assertWhole(tasks);
  for (const store of [tasks, other]) await store.close();
});

test('who may not write to a store is told so, and may read', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to give its rights away');
  const dir = directoryOf(t);
  const tasks = await openTasks(t, { dir });
  const job = await tasks.register(plan, { job: 'j' });
  await job.child('runs').start();
  chmodSync(dir, 0o755);
  for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o644);
  await using other = new Hand<TestHand>(hand);
  assert.deepEqual(await other.call('withoutRights', dir), {
    ...{ listed: ['j'], subscribed: ['j'] },
    refused: ['READ_ONLY', 'READ_ONLY', 'READ_ONLY'],
  });
});

test('a store whose files are deleted while it is open says so, and nothing that counts throws', async (t) => {
  const dir = directoryOf(t);
  const tasks = await openTasks(t, { dir });
  const job = await tasks.register(plan, { job: 'j' });
  await job.child('runs').start();
  keepMoving(t, job);
  rmSync(dir, { recursive: true });
  const replaced = { code: 'STORE_REPLACED' };
  // It is looked at now and then only.
  await assert.rejects(async () => {
    for (;;) await job.child('runs').log('into a file that is gone');
  }, replaced);
  await assert.rejects(job.child('runs').finish(), replaced);
  await assert.rejects(tasks.register(leaf('new')), replaced);
  await assert.rejects(tasks.list(), replaced);
  await assert.rejects(tasks.subscribe().next(), { code: 'STORE_MISSING' });
  assert.equal(job.child('runs').status, 'running');
  const before = job.child('runs').progress;
  while (job.child('runs').progress === before) await pause(2);
  await tasks.close();
});
