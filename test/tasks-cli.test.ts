import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { group, leaf } from '../src/tasks.ts';
import { CommandLine } from './tasks/command-line.ts';

interface Row {
  readonly job: string;
  readonly name: string;
  readonly status: string;
  readonly user: string;
  readonly fraction: number | null;
}

const jobsOf = (rows: readonly Row[]) => rows.map(({ job }) => job);

describe('holdfast tasks', { concurrency: 2 }, () => {
  test('lists what all processes do, and what of it one asks for', async (t) => {
    const line = new CommandLine(t);
    assert.equal((await line.ok('list')).trim().split(/ {2}/)[0], 'JOB');
    assert.deepEqual(await line.json('list'), []);
    const tasks = await line.open({ user: 'kim' });
    const load = await tasks.register(leaf('load', { volume: 3 }), { job: 'load' });
    await load.root.start();
    load.root.advance();
    await tasks.run(leaf('done'), () => undefined, { job: 'done' });
    await tasks.register(leaf('other'), { job: 'other', user: 'lee' });
    await tasks.at('Archive').register(leaf('old'), { job: 'old' });

    const list = async (options: string) => jobsOf(await line.json(`list --user kim${options}`));
    assert.deepEqual(await list(''), ['load', 'done']);
    assert.deepEqual(await list(' --active'), ['load']);
    assert.deepEqual(await list(' --status finished,lost'), ['done']);
    assert.deepEqual(await list(' --job done'), ['done']);
    assert.deepEqual(await list(' --all-databases'), ['load', 'done', 'old']);
    assert.deepEqual(await list(' --database ARCHIVE'), ['old']);
    assert.deepEqual(await line.json('list'), []);
    assert.deepEqual(jobsOf(await line.json('list --all-users')), ['load', 'done', 'other']);
    const text = await line.ok('list --all-users --all-databases');
    assert.match(text, /OWNER +DATABASE +USER$/m);
    assert.match(
      text,
      new RegExp(`^other .* pending +Not yet started .* ${process.pid} .*lee$`, 'm'),
    );
    assert.match((await line.fails('list --status ended')).stderr, /'ended' is no status: pending/);
    assert.equal((await line.fails('list --user kim --all-users')).code, 2);
  });

  test('shows a job with its parts, whoever has it', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open({ user: 'kim' });
    const plan = group('nightly', [leaf('load', { volume: 10, unit: 'rows' }), leaf('写')]);
    const job = await tasks.register(plan, {
      job: 'n',
      memory: { minBytes: 1024, maxBytes: 4096 },
    });
    await job.child('load').start();
    const text = await line.ok('show n --user kim');
    assert.match(text, /^Memory +1 KiB to 4 KiB/m);
    assert.match(text, /^ {4}\|-- load +0% +0 of 10 rows +running/m);
    const shown = await line.json<{ tasks: Row[] }>('show n --all-users');
    assert.deepEqual(
      shown.tasks.map(({ name, status, fraction }) => [name, status, fraction]),
      [
        ['nightly', 'running', null],
        ['load', 'running', 0],
        ['写', 'pending', null],
      ],
    );
    const missing = await line.fails('show n');
    assert.match(missing.stderr, /there is no job 'n'\n'holdfast tasks list --all-users'/);
    await tasks.register(leaf('mine'), { job: 'n', user: 'lee' });
    assert.match((await line.fails('show n --all-users')).stderr, /several users .* kim, lee/);
    for (const job of ['abc-1', 'abc-2', 'abd-1']) await tasks.register(leaf('x'), { job });
    assert.match(await line.ok('show abd --user kim'), /^Job +abd-1$/m);
    const many = await line.fails('cancel abc --user kim');
    assert.match(many.stderr, /2 jobs begin with 'abc': abc-1, abc-2/);
  });

  test('asks a job to end, which its process hears', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const job = await tasks.register(leaf('load'), { job: 'load' });
    await job.root.start();
    const canceled = new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    assert.equal(await line.ok('cancel load'), 'Job load was asked to end.\n');
    await canceled;
    await job.root.cancel();
    assert.equal((await line.run(['cancel', 'load'])).code, 1);
    assert.match((await line.fails('cancel none')).stderr, /there is no job 'none'/);
  });

  test('removes jobs that have ended, and others by force only', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    await tasks.register(leaf('a'), { job: 'a' });
    await tasks.run(leaf('b'), () => undefined, { job: 'b' });
    await tasks.register(leaf('c'), { job: 'c', user: 'lee' });
    assert.match((await line.fails('remove a')).stderr, /\(CONFLICT\)\nNothing was done/);
    assert.deepEqual(await line.json('remove b'), { job: 'b', removed: true });
    assert.match((await line.fails('purge')).stderr, /CONFLICT/);
    assert.equal(await line.ok('remove a --force'), 'Job a was removed.\n');
    assert.equal(await line.ok('prune'), '0 jobs were removed.\n');
    assert.deepEqual(await line.json('purge --force'), { removed: 0 });
    assert.deepEqual(await line.json('purge --force --all-users'), { removed: 1 });
    assert.deepEqual(await line.json('list --all-users'), []);
  });

  test('tells what jobs said, which databases there are, and what memory they hold', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open({ user: 'kim' });
    assert.deepEqual(await line.json('limit 1.5GiB'), {
      ...{ limit_bytes: 1.5 * 1024 ** 3, reserved_bytes: 0, by_user: {} },
    });
    const memory = { minBytes: 1024, maxBytes: 1024 ** 2 };
    const job = await tasks.register(group('nightly', [leaf('load')]), { job: 'n', memory });
    await job.child('load').start();
    await job.child('load').warn('slow \u001b[2Jdisk');
    assert.match(
      await line.ok('log --all-users'),
      /kim +n +nightly :: load +warning +slow \\x1b\[2Jdisk\n$/,
    );
    const [said] = await line.json<{ message: string }[]>('log --user kim -n 1');
    assert.equal(said?.message, 'slow \u001b[2Jdisk');
    assert.match(await line.ok('limit'), /^limit +1.5 GiB\nreserved +1 MiB\n {2}kim +1 MiB\n$/);
    assert.match(await line.ok('limit none'), /^limit +none\n/);
    assert.match((await line.fails('limit much')).stderr, /'much' is no size/);
    assert.match(await line.ok('databases'), /^DATABASE +JOBS +ACTIVE\ndefault +1 +1\n$/);
  });

  test('prints events, of jobs that are gone too, and an object a line as JSON', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open({ user: 'kim' });
    await tasks.run(
      group('gone', [leaf('part')]),
      (job) => job.child('part').run(() => undefined),
      {
        job: 'old',
      },
    );
    await tasks.remove('old');
    await tasks.register(leaf('new\u00a0one'), { job: 'new' });
    const text = await line.ok('tail --user kim');
    const kinds = text.split('\n').map((row) => row.split(/ {2}/).slice(2).join(' '));
    assert.deepEqual(kinds, [
      ...['old stored gone 2 tasks', 'old started gone', 'old started gone :: part'],
      ...['old finished gone :: part', 'old finished gone', 'old removed gone'],
      ...['new stored new\u00a0one 1 task', ''],
    ]);
    const rows = (await line.ok('tail --user kim -n 2 --json')).trim().split('\n');
    const events = rows.map((row) => JSON.parse(row));
    assert.deepEqual(
      events.map(({ seq, kind, job_id }) => [seq, kind, job_id]),
      [
        [6, 'removed', 1],
        [7, 'stored', 2],
      ],
    );
    assert.equal(events[1].tasks[0].task_seq, 1);
    assert.equal((await line.ok('tail old --user kim')).trim().split('\n').length, 6);
  });
});
