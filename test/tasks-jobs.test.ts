import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { inspectDirectory } from '../src/doctor.ts';
import { HoldfastError } from '../src/errors.ts';
import { aggregate, group, iterative, type JobInfo, leaf } from '../src/tasks.ts';
import { openTasks } from './tasks/directory.ts';

const code = (expected: string) => (error: unknown) =>
  error instanceof HoldfastError && error.code === expected;

const statuses = (job: JobInfo | undefined) => job?.tasks.map(({ status }) => status).join(' ');

describe('a job', () => {
  test('is listed with its tree, and ends with its progress', async (t) => {
    const tasks = await openTasks(t, { user: 'ann' });
    const plan = group('import', [leaf('read', { volume: 10 }), leaf('write')]);
    const job = await tasks.register(plan, { job: 'j1' });
    assert.equal(statuses(await tasks.get('j1')), 'pending pending pending');
    await job.child('read').start();
    assert.equal(statuses(await tasks.get('j1')), 'running running pending');
    job.child('read').advance(4);
    await job.child('read').finish();
    await job.child('write').run((task) => task.advance(3));
    await job.finish();
    const found = await tasks.get('j1');
    assert.equal(statuses(found), 'finished finished finished');
    assert.deepEqual(
      found?.tasks.map(({ progress, volume }) => [progress, volume]),
      [
        [0, null],
        [10, 10],
        [3, 3],
      ],
    );
    assert.equal(found && aggregate(found.tasks).get(found.job.root)?.fraction, 1);
    assert.equal(found?.owner.pid, process.pid);
    assert.ok(found?.tasks.every(({ finishedAt }) => finishedAt !== null));
  });

  test('counts what it is told before and after wrong calls', async (t) => {
    const tasks = await openTasks(t, { onMisuse: 'throw' });
    const { root } = await tasks.register(leaf('a', { volume: 100 }), { job: 'x' });
    await root.start();
    root.setSteps(10);
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => root.advance(wrong), TypeError);
      assert.throws(() => root.advanceSteps(wrong), TypeError);
    }
    root.advanceSteps(2);
    assert.equal(root.progress, 20);
    root.report({ progress: 30, total: Number.NaN });
    await root.finish();
    // Told, and nothing that would end the process.
    root.report({ progress: 100, total: 200 });
    await tasks.list();
  });

  test('says what it is doing, its groups too, in whole characters', async (t) => {
    const tasks = await openTasks(t);
    const job = await tasks.register(group('g', [group('h', [leaf('a')])]), { job: 'x' });
    const messages = async () => (await tasks.get('x'))?.tasks.map(({ message }) => message);
    job.child('h').describe('begins');
    job.root.describe('before');
    await job.child('h', 'a').start();
    job.child('h', 'a').describe('half of \ud83d');
    const all = ['before', 'begins', 'half of \ufffd'];
    for await (const _ of tasks.changes()) if (isDeepStrictEqual(await messages(), all)) break;
    job.root.describe('after');
    job.child('h').describe(null);
    await job.fail('half of \ud83d');
    assert.deepEqual(await messages(), ['after', null, all[2]]);
    const last = (await tasks.history()).at(-1);
    assert.equal(last?.kind === 'failed' && last.error, all[2]);
    assert.equal((await tasks.get('x'))?.tasks[0]?.error, all[2]);
  });

  test('fails with what was thrown, whatever it is', async (t) => {
    const tasks = await openTasks(t);
    const odd = [new RangeError(), 'text', null, { code: 7 }, Object.create(null), Symbol('s')];
    for (const [index, thrown] of odd.entries()) {
      const work = () => {
        throw thrown;
      };
      const met = await tasks.run(leaf('a'), work, { job: `${index}` }).catch((error) => error);
      assert.equal(met, thrown);
    }
    const errors = (await tasks.list()).items.map(({ tasks }) => tasks[0]?.error);
    const said = ['RangeError', 'text', 'null', '{ code: 7 }', '[Object: null prototype] {}'];
    assert.deepEqual(errors, [...said, 'Symbol(s)']);
  });

  test('does not go on when its work has ended and left a part running', async (t) => {
    const tasks = await openTasks(t);
    const plan = group('g', [leaf('a'), leaf('b')]);
    const work = tasks.run(plan, (job) => job.child('a').start(), { job: 'x' });
    await assert.rejects(work, code('ILLEGAL_TRANSITION'));
    const found = await tasks.get('x');
    assert.equal(statuses(found), 'failed failed canceled');
    assert.match(found?.tasks[0]?.error ?? '', /cannot finish while 'a' runs/);
  });

  test('is final when it has ended', async (t) => {
    const tasks = await openTasks(t);
    const job = await tasks.register(leaf('a'), { job: 'x' });
    await assert.rejects(job.finish(), code('ILLEGAL_TRANSITION'));
    await job.start();
    await assert.rejects(job.start(), code('ILLEGAL_TRANSITION'));
    await job.cancel();
    for (const call of [job.start(), job.finish(), job.fail('no'), job.cancel()]) {
      await assert.rejects(call, code('ILLEGAL_TRANSITION'));
    }
    assert.equal(statuses(await tasks.get('x')), 'canceled');
  });

  test('fails downwards, and upwards when asked', async (t) => {
    const tasks = await openTasks(t);
    const plan = group(
      'root',
      [group('a', [leaf('a1'), leaf('a2'), leaf('a3')], { mode: 'parallel' }), leaf('b')],
      { mode: 'parallel' },
    );
    const job = await tasks.register(plan, { job: 'x' });
    await job.child('a', 'a1').start();
    await job.child('a', 'a2').start();
    job.child('a', 'a2').advance(7);
    await job.child('b').start();
    await job.child('a').fail(new Error('broken'));
    // root a a1 a2 a3 b
    assert.equal(statuses(await tasks.get('x')), 'running failed failed failed canceled running');
    assert.equal((await tasks.get('x'))?.tasks[3]?.progress, 7);
    await job.child('b').fail('too', { ancestors: true });
    assert.equal(statuses(await tasks.get('x')), 'failed failed failed failed canceled failed');
    assert.equal((await tasks.get('x'))?.tasks[0]?.error, 'too');
  });

  test('runs the parts of a sequence one at a time', async (t) => {
    const tasks = await openTasks(t);
    const job = await tasks.register(group('s', [leaf('a'), leaf('b')]));
    await job.child('a').start();
    await assert.rejects(job.child('b').start(), code('ILLEGAL_TRANSITION'));
    await assert.rejects(job.finish(), code('ILLEGAL_TRANSITION'));
    await job.child('a').finish();
    await job.child('b').start();
  });

  test('leaves out what never ran', async (t) => {
    const tasks = await openTasks(t);
    const job = await tasks.register(group('s', [leaf('a', { volume: 5 }), leaf('b')]), {
      job: 'x',
    });
    await job.child('a').run((task) => task.advance(5));
    await job.finish();
    const found = await tasks.get('x');
    assert.equal(statuses(found), 'finished finished canceled');
    assert.equal(found && aggregate(found.tasks).get(found.job.root)?.fraction, 1);
  });
});

describe('rounds', () => {
  test('of a fixed number are all run', async (t) => {
    const tasks = await openTasks(t);
    const job = await tasks.register(iterative('i', [leaf('a'), leaf('b')], { rounds: 2 }));
    await job.start();
    for (let count = 0; count < 3; count += 1) await (await job.root.next())?.finish();
    await assert.rejects(job.finish(), code('ILLEGAL_TRANSITION'));
    await (await job.root.next())?.finish();
    assert.equal(await job.root.next(), undefined);
    await job.finish();
  });

  test('of a dynamic number may be fewer', async (t) => {
    const tasks = await openTasks(t);
    const plan = iterative('i', [leaf('a')], { mode: 'dynamic', rounds: 3 });
    const job = await tasks.register(plan, { job: 'x' });
    await job.start();
    await (await job.root.next())?.finish();
    await job.finish();
    const found = await tasks.get('x');
    assert.equal(statuses(found), 'finished finished canceled canceled');
    assert.equal(found && aggregate(found.tasks).get(found.job.root)?.fraction, 1);
  });

  test('fill a job that has as many tasks as it may', async (t) => {
    const tasks = await openTasks(t);
    const parts = Array.from({ length: 99_996 }, (_, index) => leaf(`${index}`));
    const plan = group('g', [iterative('i', [leaf('r')], { rounds: 1 }), group('h', parts)]);
    const job = await tasks.register(plan);
    await job.child('i').start();
    assert.equal((await job.child('i').next())?.name, 'r');
    await assert.rejects(job.root.add(leaf('one more')), RangeError);
  });

  test('of an open number go on', async (t) => {
    const tasks = await openTasks(t);
    const plan = iterative('i', [leaf('a'), leaf('b')], { mode: 'open' });
    const job = await tasks.register(plan, { job: 'x' });
    await job.start();
    for (let count = 0; count < 5; count += 1) await (await job.root.next())?.finish();
    await job.finish();
    assert.equal(
      statuses(await tasks.get('x')),
      'finished finished finished finished finished finished canceled',
    );
  });
});

describe('an id', () => {
  test('of an active job is refused or replaced', async (t) => {
    const tasks = await openTasks(t);
    const first = await tasks.register(leaf('a'), { job: 'x' });
    await first.start();
    await assert.rejects(tasks.register(leaf('b'), { job: 'x' }), code('CONFLICT'));
    const second = await tasks.register(leaf('b'), { job: 'x', onConflict: 'replace' });
    assert.equal(second.generation, 2);
    await assert.rejects(first.finish(), code('DETACHED'));
    assert.ok(first.signal.aborted);
    assert.equal((await tasks.get('x'))?.tasks[0]?.name, 'b');
    await second.start();
    await second.finish();
    const third = await tasks.register(leaf('c'), { job: 'x' });
    assert.equal(third.generation, 3);
  });

  test('is the same under two users twice', async (t) => {
    const tasks = await openTasks(t);
    await tasks.register(leaf('a'), { job: 'x', user: 'ann' });
    await tasks.register(leaf('b'), { job: 'x', user: 'bob' });
    const { items } = await tasks.list({ job: 'x', allUsers: true });
    assert.deepEqual(
      items.map(({ job }) => job.user),
      ['ann', 'bob'],
    );
  });

  test('is a UUID of version 7 that sorts by its making', async (t) => {
    const tasks = await openTasks(t);
    const ids: string[] = [];
    for (let count = 0; count < 20; count += 1) ids.push((await tasks.register(leaf('a'))).id);
    assert.deepEqual(ids.toSorted(), ids);
    assert.match(ids[0] ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
  });
});

describe('memory', () => {
  test('is reserved while a job is active, whatever becomes of it', async (t) => {
    const tasks = await openTasks(t);
    await tasks.setMemoryLimit(100);
    const memory = { minBytes: 10, maxBytes: 60 };
    const job = await tasks.register(leaf('a'), { memory, job: 'x' });
    await assert.rejects(tasks.register(leaf('b'), { memory }), code('BUDGET_EXCEEDED'));
    await job.reserve(90);
    await job.reserve(40);
    const other = await tasks.register(leaf('b'), { memory });
    await assert.rejects(job.reserve(41), code('BUDGET_EXCEEDED'));
    assert.equal((await tasks.reservations()).reservedBytes, 100);
    await tasks.setMemoryLimit(50);
    await job.reserve(30);
    await assert.rejects(job.reserve(31), code('BUDGET_EXCEEDED'));
    await tasks.setMemoryLimit(100);
    await other.cancel();
    await tasks.remove('x', { force: true });
    assert.deepEqual(await tasks.reservations(), { limitBytes: 100, reservedBytes: 0, byUser: {} });
  });
});

describe('removal', () => {
  test('asks for force while a job is active', async (t) => {
    const tasks = await openTasks(t);
    const job = await tasks.register(leaf('a'), { job: 'x' });
    await assert.rejects(tasks.remove('x'), code('CONFLICT'));
    await assert.rejects(tasks.purge(), code('CONFLICT'));
    assert.equal(await tasks.purge({ force: true }), 1);
    assert.equal(await tasks.remove('x'), false);
    await assert.rejects(job.start(), code('DETACHED'));
  });

  test('of old jobs never removes one that has the id anew', async (t) => {
    let now = 1_000_000;
    const tasks = await openTasks(t, { now: () => now, retention: { endedMs: 1000 } });
    await (await tasks.register(leaf('a'), { job: 'x' })).cancel();
    await tasks.register(leaf('b'), { job: 'x' });
    now += 5000;
    assert.equal(await tasks.prune(), 0);
    assert.equal((await tasks.get('x'))?.tasks[0]?.name, 'b');
  });
});

describe('a job that was removed while it ran', () => {
  test('throws what its work throws, and nothing when it is left', async (t) => {
    const tasks = await openTasks(t);
    const mine = new Error('mine');
    const work = async () => {
      await tasks.purge({ force: true });
      throw mine;
    };
    await assert.rejects(tasks.run(leaf('a'), work), mine);
    await using job = await tasks.register(leaf('a'));
    await job.start();
    await tasks.purge({ force: true });
  });
});

describe('the file', () => {
  test('is known to the doctor', async (t) => {
    const tasks = await openTasks(t);
    await tasks.register(leaf('a'));
    const { stores } = inspectDirectory(tasks.dir);
    assert.deepEqual(
      stores.map(({ store, schemaVersion, integrity }) => [store, schemaVersion, integrity]),
      [['tasks', '1', 'ok']],
    );
  });
});

describe('databases', () => {
  test('are one whatever the spelling', async (t) => {
    const tasks = await openTasks(t, { database: ' Neo4J ' });
    await tasks.register(leaf('a'), { job: 'x' });
    assert.equal((await tasks.at('NEO4j').get('x'))?.job.database, 'neo4j');
    assert.equal(await tasks.at('other').get('x'), undefined);
    assert.deepEqual(await tasks.databases(), [
      { name: 'neo4j', display: 'Neo4J', jobs: 1, active: 1 },
    ]);
    assert.equal(await tasks.at('neo4j').purge({ force: true }), 1);
  });
});

describe('a store that is not enabled', () => {
  test('takes every call and keeps nothing', async (t) => {
    const tasks = await openTasks(t, { enabled: false });
    const plan = group('g', [leaf('a'), iterative('i', [leaf('b')], { mode: 'open' })]);
    await tasks.run(plan, async (job) => {
      await job.child('a').run((task) => task.advance());
      const loop = job.child('i');
      await loop.start();
      for (let count = 0; count < 3; count += 1) await (await loop.next())?.finish();
      await job.root.warn('nothing');
      assert.equal(loop.children.length, 3);
    });
    assert.deepEqual((await tasks.list()).items, []);
    for await (const _ of tasks.subscribe()) assert.fail('there is nothing to tell');
  });
});
