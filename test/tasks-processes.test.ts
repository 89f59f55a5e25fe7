import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Crew, Hand } from '../proof/tasks/crew.ts';
import { Follower } from '../proof/tasks/follower.ts';
import { wholeLog, wholeTable } from '../proof/tasks/log.ts';
import { runRounds } from '../proof/tasks/rounds.ts';
import type { Tasks } from '../src/tasks.ts';
import { directoryOf, openTasks } from './tasks/directory.ts';
import type { TestHand } from './tasks/hand.ts';
import { assertWhole } from './tasks/soundness.ts';

const hand = join(import.meta.dirname, 'tasks/hand.ts');
/** `npm run proof -- --part tasks` makes a hundred. */
const ROUNDS = 8;

test('ten processes that open one new store at once share it, and of one id one wins or each in turn', async () => {
  assert.deepEqual(await runRounds(ROUNDS), []);
});

test('of ten processes that find a dead owner each of its tasks is lost to one', async (t) => {
  const dir = directoryOf(t);
  const tasks = await openTasks(t, { dir });
  await using crew = new Crew<TestHand>(hand, 10);
  await using owner = new Hand<TestHand>(hand);
  await Promise.all([owner.call('open', dir), ...crew.hands.map((one) => one.call('open', dir))]);
  await owner.call('hold', 12);
  await owner.kill();
  const counts = await crew.all('reap', () => []);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    12,
  );
  const lost = (await wholeLog(tasks)).filter(({ kind }) => kind === 'lost');
  assert.equal(lost.length, 36);
  await assertWhole(tasks);
});

test('fifty subscribers that join while others store and purge all come to hold the same', async (t) => {
  const dir = directoryOf(t);
  const tasks = await openTasks(t, { dir });
  const seed = Date.now() % 2 ** 31;
  t.diagnostic(`seed ${seed}`);
  await using crew = new Crew<TestHand>(hand, 5);
  await crew.all('open', () => [dir]);
  const [purger, ...writers] = crew.hands;
  const lastingMs = 2500;
  const purging = purger?.call('purge', lastingMs);
  const churning = writers.map((one, nth) => one.call('churn', lastingMs, 20, seed + nth));
  const joining = Array.from({ length: 50 }, async () => {
    await pause(lastingMs * Math.random());
    return new Follower(tasks);
  });
  const purged = await purging;
  const warnings = await Promise.all(churning);
  const followers = await Promise.all(joining);
  const { seq } = await tasks.list();
  const table = await wholeTable(tasks);
  for (const follower of followers) {
    await follower.reach(seq);
    assert.deepEqual(follower.faults, []);
    assert.deepEqual(follower.jobs, table);
    await follower[Symbol.asyncDispose]();
  }
  await assertWhole(tasks);
  t.diagnostic(`${seq} events, ${purged} jobs purged, ${table.length} left`);
  assert.ok((purged ?? 0) > 0);
  // Nobody was told twice that its jobs are taken away.
  assert.equal(Math.max(...warnings), 1);
});

test('a reader with a name that is killed again and again misses no event', async (t) => {
  const dir = directoryOf(t);
  const tasks = await openTasks(t, { dir });
  const notes = join(dir, 'notes');
  await using writer = new Hand<TestHand>(hand);
  await writer.call('open', dir);
  const churning = writer.call('churn', 3500, 3, 1);
  const reader = join(import.meta.dirname, 'tasks/named-worker.ts');
  const notesOf = () => (existsSync(notes) ? readFileSync(notes, 'utf8').split('\n') : []);
  let kills = 0;
  let isOver = false;
  churning.then(() => {
    isOver = true;
  });
  const read = (one: Hand<Reader>) => one.call('read', dir, notes).catch(() => undefined);
  for (; !isOver; kills += 1) {
    await using one = new Hand<Reader>(reader);
    const before = notesOf().length;
    read(one);
    // It has been given something, and is hit at any moment after.
    while (notesOf().length <= before + 1 && !isOver) await pause(2);
    await pause(120 * Math.random());
  }
  const { seq: last } = await tasks.list();
  await using one = new Hand<Reader>(reader);
  read(one);
  const updates = () =>
    notesOf()
      .slice(0, -1)
      .map((line): Note => JSON.parse(line));
  while ((updates().at(-1)?.seq ?? 0) < last) await pause(5);
  t.diagnostic(
    `${kills} kills, ${last} events, ${updates().flatMap(({ seqs }) => seqs).length} given`,
  );
  assert.ok(kills > 1);
  assertNothingMissed(updates(), last);
});

type Reader = { read(dir: string, file: string): Promise<void> };

interface Note {
  readonly kind: 'snapshot' | 'reset' | 'events';
  readonly seq: number;
  readonly seqs: readonly number[];
}

function assertNothingMissed(updates: readonly Note[], last: number): void {
  const first = updates.findIndex(({ kind }) => kind === 'events');
  // Once it has asked past the first snapshot, its place is kept.
  assert.ok(updates.slice(first).every(({ kind }) => kind === 'events'));
  const seen = new Set(updates.flatMap(({ seqs }) => seqs));
  for (let seq = (updates[first - 1]?.seq ?? 0) + 1; seq <= last; seq += 1) {
    assert.ok(seen.has(seq), `event ${seq} was never given`);
  }
  let before = 0;
  for (const { seqs, seq } of updates.slice(first)) {
    assert.ok((seqs[0] ?? seq) <= before + 1 || before === 0, `a gap before ${seqs[0]}`);
    before = Math.max(before, seq);
  }
}

test('a process whose thread is blocked for five seconds still shows how far it comes', async (t) => {
  const dir = directoryOf(t);
  const tasks = await openTasks(t, { dir });
  await using blocked = new Hand<TestHand>(hand);
  await blocked.call('open', dir);
  await blocked.call('hold', 1);
  let values = new Set<number>();
  await using _ = new Follower(tasks, {}, (event) => {
    if (event.kind === 'progress') values.add(event.movements[0]?.progress ?? 0);
  });
  // On a machine that has other work one may come off badly.
  for (let left = 3; left > 0 && values.size < 40; left -= 1) {
    values = new Set();
    const spinning = blocked.call('spin', 5000);
    const states = await statesUntil(tasks, spinning);
    const count = await spinning;
    t.diagnostic(`${count} counted, ${values.size} values seen`);
    assert.deepEqual(states, ['alive']);
    while (!values.has(count)) await pause(5);
  }
  assert.ok(values.size >= 40, `${values.size} values`);
});

/** Those in which the owner of the only job is seen until then. */
async function statesUntil(tasks: Tasks, end: Promise<unknown>): Promise<readonly string[]> {
  const states = new Set<string>();
  let isOver = false;
  end.then(() => {
    isOver = true;
  });
  while (!isOver) {
    states.add((await tasks.list()).items[0]?.owner.state ?? 'none');
    await pause(100);
  }
  return [...states];
}
