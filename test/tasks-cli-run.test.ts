import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { type JobInfo, leaf } from '../src/tasks.ts';
import { ended, isLinux } from './support/store-line.ts';
import { CommandLine, seen } from './tasks/command-line.ts';

const run = (job: string, ...args: readonly string[]) => ['run', '--job', job, ...args];
const sh = (script: string) => ['--', 'sh', '-c', script];

const outcome = ({ tasks: [root] }: JobInfo) => [root?.status, root?.error];

describe('holdfast tasks run', { concurrency: 2, skip: !isLinux }, () => {
  // Of ten seconds, which the others take beside it.
  test('kills a command that does not end, and does not wait for what it has started', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const script = 'trap "" TERM; sleep 60 & echo $!; while :; do sleep 0.5; done';
    const lines = line.lines([...run('j', '--progress'), ...sh(script)]);
    await lines.until(/\d\n/);
    t.after(() => kill(Number(lines.text)));
    await tasks.requestCancel('j');
    assert.equal(await ended(lines.child), 137);
    assert.deepEqual(outcome((await tasks.get('j')) as JobInfo), ['canceled', null]);
  });

  test('makes a job of a command, and ends as the command ends', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    for (const [script, code, status, error] of [
      ['exit 0', 0, 'finished', null],
      ['exit 3', 3, 'failed', 'exit status 3'],
      ['kill -9 $$', 137, 'failed', 'ended by SIGKILL'],
      ['exec no-such-program', 127, 'failed', 'exit status 127'],
    ] as const) {
      const result = await line.run(run('j', '--name', 'the script', ...sh(script)));
      const info = await tasks.get('j');
      assert.ok(info);
      assert.deepEqual([result.code, ...outcome(info)], [code, status, error], script);
      assert.equal(info.tasks[0]?.name, 'the script');
      assert.equal(info.job.owner, info.owner.id);
    }
    assert.deepEqual((await tasks.history({ job: 'j' })).map(({ kind }) => kind).slice(0, 3), [
      ...['stored', 'started', 'finished'],
    ]);
  });

  test('passes its input and output on, byte by byte, with and without a look at it', async (t) => {
    const line = new CommandLine(t);
    const input = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 7) % 256));
    for (const options of [[], ['--progress']]) {
      const child = line.start([...run('j', ...options), ...sh('cat; printf "%s" oh >&2; exit 4')]);
      const { stdin, stdout, stderr } = child;
      assert.ok(stdin && stdout && stderr);
      stdin.end(input);
      const [out, err] = [await stdout.toArray(), await stderr.toArray()].map((all) =>
        Buffer.concat(all),
      );
      assert.ok(out?.equals(input), `${out?.length} bytes`);
      assert.equal(String(err), 'oh');
    }
  });

  test('reads progress from what the command prints, as it goes', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const script = `printf '[1/4] one\\r'; read -r _; echo '[3/4] three' >&2; read -r _; echo '90%'`;
    const child = line.start([...run('j', '--progress'), ...sh(script)]);
    const root = ({ tasks: [root] }: JobInfo) => root;
    await seen(tasks, 'j', (info) => root(info)?.progress === 1);
    child.stdin?.write('go\n');
    const { tasks: moved } = await seen(tasks, 'j', (info) => root(info)?.progress === 3);
    assert.equal(moved[0]?.volume, 4);
    child.stdin?.end('go\n');
    assert.equal(await ended(child), 0);
    const info = await tasks.get('j');
    assert.deepEqual(
      [root(info as JobInfo)?.status, root(info as JobInfo)?.progress],
      ['finished', 4],
    );
  });

  test('takes percents of the volume that is given, and messages', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const script = `echo '{"progress":30,"total":100,"message":"linking"}'; exit 1`;
    await line.run([...run('j', '--progress', '--volume', '400'), ...sh(script)]);
    const [root] = (await tasks.get('j'))?.tasks ?? [];
    assert.deepEqual([root?.progress, root?.volume, root?.message], [120, 400, 'linking']);
  });

  for (const [signal, code, status, error] of [
    ['SIGTERM', 143, 'failed', 'ended by SIGTERM'],
    ['SIGINT', 130, 'canceled', null],
    ['SIGKILL', 'SIGKILL', 'lost', null],
  ] as const) {
    test(`is ${status} after ${signal}`, async (t) => {
      const line = new CommandLine(t);
      const tasks = await line.open();
      const lines = line.lines([...run('j'), ...sh('echo $$; exec sleep 60')]);
      await lines.until(/\d\n/);
      t.after(() => kill(Number(lines.text)));
      lines.child.kill(signal);
      assert.equal(await ended(lines.child), code);
      const info = await seen(tasks, 'j', ({ tasks: [root] }) => root?.status !== 'running');
      assert.deepEqual(outcome(info), [status, error]);
    });
  }

  test('ends the command when its job is to be canceled, or its time is over', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const lines = line.lines([
      ...run('j'),
      ...sh('trap "exit 9" TERM; echo on; while :; do sleep 0.1; done'),
    ]);
    await lines.until(/on/);
    assert.ok(await tasks.requestCancel('j'));
    assert.equal(await ended(lines.child), 9);
    assert.deepEqual(outcome((await tasks.get('j')) as JobInfo), ['canceled', null]);

    const late = await line.run([...run('k', '--timeout', '100ms'), '--', 'sleep', '60']);
    assert.equal(late.code, 124);
    assert.deepEqual(outcome((await tasks.get('k')) as JobInfo), [
      'failed',
      'timed out after 100ms',
    ]);
  });

  test('ends the command when its job is removed, and says so once', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const child = line.start([...run('j'), ...sh('exec sleep 60')]);
    const { stderr } = child;
    assert.ok(stderr);
    await seen(tasks, 'j', ({ tasks: [root] }) => root?.status === 'running');
    await tasks.remove('j', { force: true });
    const [text, code] = await Promise.all([buffer(stderr), ended(child)]);
    assert.equal(code, 143);
    assert.match(String(text), /^(?!.*Warning:.*Warning:).*job j was removed or replaced/s);
  });

  test('starts nothing where the id is taken, or an option is wrong', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    await tasks.register(leaf('mine'), { job: 'j' });
    for (const [args, code, complaint] of [
      [run('j'), 1, /\(CONFLICT\)\nNothing was done/],
      [run('no spaces'), 2, /Invalid arguments/],
      [['run', '--timeout', 'soon'], 2, /'soon' is no time/],
      [['run', '--timeout', '90d'], 2, /24 days/],
    ] as const) {
      const result = await line.run([...args, ...sh('echo started')]);
      assert.deepEqual([result.code, result.stdout], [code, ''], args.join(' '));
      assert.match(result.stderr, complaint);
    }
  });
});

/** What a test has left of a command. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
  }
}
