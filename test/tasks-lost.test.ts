import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Hand } from '../proof/tasks/crew.ts';
import { Follower } from '../proof/tasks/follower.ts';
import { isActive, wholeLog, wholeTable } from '../proof/tasks/log.ts';
import { group, type JobInfo, leaf } from '../src/tasks.ts';
import { directoryOf, openTasks } from './tasks/directory.ts';
import type { TestHand } from './tasks/hand.ts';
import { assertWhole } from './tasks/soundness.ts';

const hand = join(import.meta.dirname, 'tasks/hand.ts');

/** A process where nobody here can look at it, which has not given a sign for so long. */
function moveAway(dir: string, silentMs: number): void {
  using database = new DatabaseSync(join(dir, 'tasks.db'), { timeout: 10_000 });
  // A lease runs for 15 s.
  database
    .prepare("UPDATE owners SET pid_namespace = 'pid:[1]', lease_until = ?")
    .run(Date.now() + 15_000 - silentMs);
}

/** A process renews its lease when so much of it is over. */
const RENEWED_MS = 5000;

/** Whether the thread that renews it has begun. */
function hasLease(dir: string): boolean {
  using database = new DatabaseSync(join(dir, 'tasks.db'), { readOnly: true });
  const row = database.prepare(
    'SELECT lease_until - (SELECT created_at FROM jobs) AS ms FROM owners',
  );
  return Number(row.get()?.ms) > 15_000;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(5);
}

const statuses = (job: JobInfo | undefined) => job?.tasks.map(({ status }) => status).join(' ');

describe('owners of jobs', { concurrency: true }, () => {
  test('an owner that has our process id and another start is dead', async (t) => {
    const dir = directoryOf(t);
    const owner = await openTasks(t, { dir });
    const other = await openTasks(t, { dir });
    const job = await owner.register(group('job', [leaf('runs'), leaf('waits')]), { job: 'j' });
    await job.child('runs').start();
    assert.equal(statuses(await other.get('j')), 'running running pending');
    using database = new DatabaseSync(join(dir, 'tasks.db'), { timeout: 10_000 });
    database.exec("UPDATE owners SET started_at = started_at || '0'");
    assert.equal((await other.list()).items[0]?.owner.state, 'dead');
    assert.equal(statuses(await other.get('j')), 'lost lost lost');
    await assertWhole(other);
  });

  test('an owner in another pid namespace is lost a minute after its last sign, and comes back', async (t) => {
    const dir = directoryOf(t);
    const tasks = await openTasks(t, { dir });
    await using owner = new Hand<TestHand>(hand);
    await owner.call('open', dir);
    await owner.call('hold', 1);
    const seen = async () => {
      const [job] = (await tasks.list()).items;
      return `${job?.owner.state}: ${statuses(job)}`;
    };
    await until(() => hasLease(dir));
    // Whoever holds the writer lock while it is stopped would stop us all.
    await pause(50);
    owner.child.kill('SIGSTOP');
    const stoppedAt = performance.now();
    moveAway(dir, 20_000);
    assert.equal(await seen(), 'unresponsive: running running pending');
    moveAway(dir, 59_000);
    assert.equal(await seen(), 'unresponsive: running running pending');
    moveAway(dir, 61_000);
    assert.equal(await seen(), 'unresponsive: lost lost lost');
    // Now its lease is to be renewed by its own reckoning, too.
    await pause(stoppedAt + RENEWED_MS + 300 - performance.now());
    owner.child.kill('SIGCONT');
    await until(async () => (await seen()) === 'alive: running running pending');
    const counted = await owner.call('spin', 20);
    await until(async () => (await tasks.list()).items[0]?.tasks[1]?.progress === counted);
    const kinds = (await wholeLog(tasks)).map(({ kind }) => kind);
    assert.deepEqual(
      kinds.filter((kind) => kind === 'lost' || kind === 'recovered'),
      ['lost', 'lost', 'lost', 'recovered', 'recovered', 'recovered'],
    );
    await assertWhole(tasks);
  });

  test('what an owner ends that was given up meanwhile is ended as it says', async (t) => {
    const dir = directoryOf(t);
    const owner = await openTasks(t, { dir });
    const other = await openTasks(t, { dir });
    const job = await owner.register(group('job', [leaf('a'), leaf('b')]), { job: 'j' });
    await job.child('a').start();
    moveAway(dir, 61_000);
    assert.equal(await other.reap(), 1);
    job.child('a').advance(3);
    await job.child('a').finish();
    await job.child('b').start();
    assert.equal(statuses(await other.get('j')), 'running finished running');
    await assertWhole(other);
  });

  test('of those who end a task at once one does, also where its owner is given up meanwhile', async (t) => {
    const dir = directoryOf(t);
    const stores = await Promise.all([1, 2, 3].map(() => openTasks(t, { dir })));
    const [tasks] = stores;
    assert.ok(tasks);
    await using owner = new Hand<TestHand>(hand);
    await owner.call('open', dir);
    await owner.call('hold', 40);
    let isOver = false;
    const ending = owner.call('endThrice').then((won) => {
      isOver = true;
      return won;
    });
    do {
      moveAway(dir, 61_000);
      await Promise.all(stores.map((store) => store.reap()));
      await pause(1);
    } while (!isOver);
    t.diagnostic(JSON.stringify(await ending));
    await owner.kill();
    await tasks.reap();
    assert.deepEqual((await wholeTable(tasks)).filter(isActive), []);
    const log = await wholeLog(tasks);
    const count = (wanted: string) => log.filter(({ kind }) => kind === wanted).length;
    t.diagnostic(`${count('lost')} times lost, ${count('recovered')} times recovered`);
    assert.ok(count('recovered') > 0);
    await assertWhole(tasks);
  });

  test('a dead owner shows within a second while others change something all the time', async (t) => {
    const dir = directoryOf(t);
    const tasks = await openTasks(t, { dir });
    await using talker = new Hand<TestHand>(hand);
    await using owner = new Hand<TestHand>(hand);
    await Promise.all([talker.call('open', dir), owner.call('open', dir)]);
    await owner.call('hold', 1);
    let lostAt: number | undefined;
    await using _ = new Follower(tasks, {}, ({ kind }) => {
      if (kind === 'lost') lostAt = performance.now();
    });
    let isTalking = true;
    const talking = talker.call('talk', 8000).then(() => {
      isTalking = false;
    });
    await pause(300);
    const killedAt = performance.now();
    await owner.kill();
    while (lostAt === undefined && isTalking) await pause(5);
    assert.ok(lostAt !== undefined, 'it was not lost while another one talked');
    t.diagnostic(`${Math.round(lostAt - killedAt)} ms`);
    await talker.kill();
    await talking.catch(() => undefined);
  });

  test('a process whose row was taken away while it had no job is as before with the next one', async (t) => {
    let now = Date.now();
    const tasks = await openTasks(t, { now: () => now, retention: { endedMs: 1000 } });
    const first = await tasks.register(leaf('a'), { job: 'first' });
    const owner = (await tasks.get('first'))?.owner.id;
    await first.cancel();
    now += 3 * 24 * 3600 * 1000;
    assert.equal(await tasks.prune(), 1);
    const second = await tasks.register(leaf('b'), { job: 'second' });
    assert.equal((await tasks.get('second'))?.owner.id, owner);
    await tasks.requestCancel('second');
    while (!second.signal.aborted) await pause(5);
  });
});
