import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { group, JobTable, leaf, type TaskEvent, type Tasks, type Update } from '../src/tasks.ts';
import { directoryOf, openTasks } from './tasks/directory.ts';

/** Takes updates until `enough` of them have come. */
async function take(
  tasks: Tasks,
  enough: (updates: readonly Update[]) => boolean,
  options: Parameters<Tasks['subscribe']>[0] = {},
): Promise<readonly Update[]> {
  const updates: Update[] = [];
  for await (const update of tasks.subscribe(options)) {
    updates.push(update);
    if (enough(updates)) break;
  }
  return updates;
}

const eventsIn = (updates: readonly Update[]): readonly TaskEvent[] =>
  updates.flatMap((update) => (update.kind === 'events' ? update.events : []));

/** What this process has open of a store; nothing where the system does not tell. */
function openFilesOf({ dir }: Tasks): readonly string[] {
  if (process.platform !== 'linux') return [];
  const links = readdirSync('/proc/self/fd').map((fd) => `/proc/self/fd/${fd}`);
  const files = links.filter((link) => existsSync(link)).map((link) => readlinkSync(link));
  return files.filter((file) => file.startsWith(dir));
}

test('a job that is registered while its store is closed leaves nothing open', async (t) => {
  const tasks = await openTasks(t);
  const registering = tasks.register(leaf('a'));
  await tasks.close();
  const job = await registering;
  await assert.rejects(job.start(), { code: 'CLOSED' });
  assert.deepEqual(openFilesOf(tasks), []);
});

describe('a subscription', () => {
  test('gives what there is and then every change, which together make the table', async (t) => {
    const tasks = await openTasks(t);
    const first = await tasks.register(leaf('a', { volume: 9 }), { job: 'first' });
    const seen = take(tasks, (updates) => eventsIn(updates).at(-1)?.kind === 'cleared');
    await first.start();
    first.root.advance(2);
    const plan = group('b', [leaf('b1'), leaf('b2')]);
    const second = await tasks.register(plan, { job: 'second' });
    await second.child('b1').run((task) => task.warn('careful'));
    await second.root.add(leaf('b3'));
    await first.root.setVolume(12);
    await first.finish();
    await tasks.register(leaf('c'), { job: 'first' });
    await second.fail('no');
    await tasks.remove('second');
    const listed = await tasks.list();
    const before = eventsIn(await take(tasks, () => true, { after: 0 }));
    const table = new JobTable();
    for (const event of [...before, ...before]) table.apply(event);
    assert.deepEqual(
      table.jobs,
      listed.items.map(({ job, tasks }) => ({ job, tasks })),
    );
    await tasks.purge({ force: true });
    const updates = await seen;
    assert.equal(updates[0]?.kind, 'snapshot');
    const kinds = eventsIn(updates).map(({ kind }) => kind);
    for (const kind of ['started', 'added', 'log', 'volume', 'finished', 'failed', 'replaced']) {
      assert.ok(kinds.includes(kind as TaskEvent['kind']), kind);
    }
    const seqs = eventsIn(updates).map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, index) => (seqs[0] ?? 0) + index),
    );
  });

  test('of a name goes on where it stopped, and gives nothing up', async (t) => {
    const dir = directoryOf(t);
    const writer = await openTasks(t, { dir });
    const reader = await openTasks(t, { dir });
    await writer.register(leaf('a'), { job: 'a' });
    const name = 'indexer';
    await take(reader, () => true, { name });
    // The snapshot was not asked past, so it is given again.
    const again = reader.subscribe({ name });
    assert.equal((await again.next()).value?.kind, 'snapshot');
    const next = again.next();
    await writer.register(leaf('b'), { job: 'b' });
    assert.equal((await next).value?.seq, 2);
    await again.return?.();
    await writer.register(leaf('c'), { job: 'c' });
    const rest = await take(reader, (all) => eventsIn(all).at(-1)?.seq === 3, { name });
    assert.deepEqual(
      eventsIn(rest).map(({ seq }) => seq),
      [2, 3],
    );
    assert.ok(rest.every(({ kind }) => kind === 'events'));
  });

  test('of a store that is closed is refused, and opens nothing', async (t) => {
    const tasks = await openTasks(t);
    await tasks.close();
    await assert.rejects(
      take(tasks, () => true),
      { code: 'CLOSED' },
    );
    assert.deepEqual(openFilesOf(tasks), []);
  });

  test('begins at a number', async (t) => {
    const tasks = await openTasks(t);
    for (const wrong of [-1, 0.5, Number.NaN]) {
      await assert.rejects(
        take(tasks, () => true, { after: wrong }),
        /after is a whole number/,
      );
      await assert.rejects(tasks.history({ before: wrong }), /before is a whole number/);
      await assert.rejects(tasks.log({ limit: wrong }), /limit is a whole number/);
    }
  });

  test('takes large events a few at a time', async (t) => {
    const tasks = await openTasks(t);
    const parts = Array.from({ length: 2000 }, (_, index) => leaf(`${index} `.padEnd(250, 'x')));
    for (let count = 0; count < 20; count += 1) await tasks.register(group('g', parts));
    const updates = await take(tasks, (all) => all.at(-1)?.seq === 20, { after: 0 });
    assert.ok(updates.length > 2);
    assert.equal(eventsIn(updates).length, 20);
  });

  test('says so when events were compacted before it had seen them', async (t) => {
    const dir = directoryOf(t);
    const tasks = await openTasks(t, { dir, retention: { events: 4 } });
    const job = await tasks.register(leaf('a'), { job: 'a' });
    await job.start();
    for (let count = 0; count < 12; count += 1) await job.root.log(`line ${count}`);
    await tasks.prune();
    const [update] = await take(tasks, () => true, { after: 1 });
    assert.equal(update?.kind, 'reset');
    const kept = await tasks.history();
    assert.equal(kept[0]?.kind, 'stored');
    const [end] = await take(tasks, () => true, { after: 999 });
    assert.equal(end?.kind, 'reset');
  });
});

describe('listeners', () => {
  test('are fed apart: one that throws and one that never returns keep nobody', async (t) => {
    const tasks = await openTasks(t);
    const errors: unknown[] = [];
    const kinds: string[] = [];
    let release = () => {};
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    const throwing = tasks.listen(
      () => {
        throw new Error('mine');
      },
      { onError: (error) => errors.push(error) },
    );
    const slow = tasks.listen(() => stuck);
    const calling = tasks.listen(async () => {
      kinds.push(...(await tasks.list()).items.map(({ job }) => job.job));
    });
    await tasks.register(leaf('a'), { job: 'a' });
    await tasks.register(leaf('b'), { job: 'b' });
    while (!kinds.includes('b') || errors.length < 2) await pause(5);
    release();
    for (const listener of [throwing, slow, calling]) await listener.close();
  });
});
