import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { group, type Job, leaf, type Tasks } from '../src/tasks.ts';
import { ended, isLinux } from './support/store-line.ts';
import { CommandLine, seen } from './tasks/command-line.ts';

const plan = group('nightly', [leaf('load', { volume: 1000, unit: 'rows' }), leaf('写')]);

async function begun(tasks: Tasks, job = 'n'): Promise<Job> {
  const made = await tasks.register(plan, { job });
  await made.child('load').start();
  return made;
}

/** The lines without their times. */
const rows = (text: string) =>
  text.split('\n').map((row) => row.replace(/^\d\d:\d\d:\d\d {2}/, ''));

describe('holdfast tasks watch', { concurrency: 2 }, () => {
  test('prints a line for each percent and each status, and ends as the job ends', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const job = await begun(tasks);
    const lines = line.lines(['watch', 'n']);
    await lines.until(/load: running, 0 of 1000 rows\n/);
    for (const amount of [419, 1, 580]) {
      job.child('load').advance(amount);
      await seen(
        tasks,
        'n',
        ({ tasks: [, load] }) => load?.progress === job.child('load').progress,
      );
    }
    await lines.until(/99%/);
    await job.child('load').finish();
    await job.child('写').run((task) => task.advance(7));
    await job.root.finish();
    assert.equal(await ended(lines.child), 0);
    const said = rows(lines.text).map((row) => row.replace(/, \d+ seconds?$/, ''));
    assert.deepEqual(
      said.filter((row) => !/(4[12]|99)%/.test(row)),
      [
        'nightly: running',
        'nightly :: load: running, 0 of 1000 rows',
        'nightly :: load: finished, 100%, 1000 of 1000 rows',
        'nightly :: 写: started',
        'nightly :: 写: finished, 100%, 7 of 7',
        'nightly: finished',
        '',
      ],
    );
    assert.match(lines.text, /load: 42% \(420 of 1000 rows\)\n/);
    assert.match(lines.text, /load: 99% \(1000 of 1000 rows\)\n/);
  });

  test('fails for a job that fails, is removed or is not there', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const job = await begun(tasks);
    const lines = line.lines(['watch', 'n']);
    await lines.until(/running/);
    await job.root.fail(new Error('no space'));
    assert.equal(await ended(lines.child), 1);
    assert.match(lines.text, /nightly :: load: failed, 0 of 1000 rows/);
    assert.match(lines.text, /nightly: failed: no space, /);
    const again = await line.run(['watch', 'n']);
    assert.equal(again.code, 1);
    assert.match(again.stdout, /nightly: failed: no space/);
    assert.match((await line.fails('watch none')).stderr, /there is no job 'none'/);

    await begun(tasks, 'gone');
    const others = line.lines(['watch', 'gone']);
    await others.until(/running/);
    await tasks.remove('gone', { force: true });
    assert.equal(await ended(others.child), 1);
  });

  test('without a job watches all there are until Ctrl-C, jobs that come later too', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const lines = line.lines(['watch']);
    await begun(tasks, 'one');
    // It may come to watch before they start or behind.
    await lines.until(
      /one {2}nightly: (started|running)\n.*one {2}nightly :: load: (started|running)/,
    );
    await tasks.run(leaf('short'), () => undefined, { job: 'two' });
    await lines.until(/two {2}short: finished/);
    lines.child.kill('SIGINT');
    assert.equal(await ended(lines.child), 130);
  });

  test('shows one frame, and none as JSON', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const job = await begun(tasks);
    job.child('load').advance(250);
    await seen(tasks, 'n', ({ tasks: [, load] }) => load?.progress === 250);
    const [root, load, last] = (await line.ok('watch --once')).split('\n');
    assert.match(
      root ?? '',
      new RegExp(`^nightly +\\[~~~~n/a~~~\\] .* 0/2  pid ${process.pid}  n$`),
    );
    assert.match(load ?? '', /^\|-- load +\[##~{8}\] {2}25% +running .* 250 of 1000 rows$/);
    assert.match(last ?? '', /^\|-- 写 +\[~~~~n\/a~~~\] {2}n\/a +pending +-$/);
    assert.match((await line.fails('watch --json')).stderr, /tail --follow --json/);
  });
});

const hasTerminal = isLinux && spawnSync('script', ['--version']).status === 0;

describe('holdfast tasks watch on a terminal', { concurrency: 2, skip: !hasTerminal }, () => {
  test('shows one frame in the place of the one before, and gives the cursor back', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const job = await begun(tasks);
    const lines = line.terminal('watch n');
    await lines.until(/load .* 0%/);
    job.child('load').advance(500);
    await lines.until(/load .* 50%/);
    await job.child('load').finish();
    await job.child('写').run(() => undefined);
    await job.root.finish();
    assert.equal(await ended(lines.child), 0);
    assert.equal(lines.text.split('\x1b[?25l').length, 2);
    assert.ok(lines.text.endsWith('\x1b[?25h'), JSON.stringify(lines.text.slice(-200)));
    const last = lines.text.split('\x1b[3A\r').at(-1) ?? '';
    assert.match(last, /^nightly .* finished .*\r\n.*load .* 100%.*\r\n.*写 .* 100%/);
  });

  test('lets what has ended scroll away, and counts what there is no room for', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const wide = group(
      '日本語 👩‍👩‍👧'.repeat(9),
      Array.from({ length: 9 }, () => leaf('part')),
    );
    const job = await tasks.register(wide, { job: 'w' });
    await job.root.start();
    const lines = line.terminal('watch');
    await lines.until(/\+7 more/);
    await job.root.cancel();
    await lines.until(/canceled, \d+ seconds?.*\r\nNo job is active/);
    lines.child.stdin?.write('\x03');
    assert.equal(await ended(lines.child), 130);
    assert.ok(lines.text.endsWith('\x1b[?25h'), JSON.stringify(lines.text.slice(-200)));
  });

  test('gives the cursor back when it is ended', async (t) => {
    const line = new CommandLine(t);
    const lines = line.terminal('watch');
    await lines.until(/No job is active/);
    process.kill(Number.parseInt(lines.text, 10), 'SIGTERM');
    assert.equal(await ended(lines.child), 143);
    assert.ok(lines.text.includes('\x1b[?25h'), JSON.stringify(lines.text.slice(-200)));
  });

  test('prints lines where CI is set', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    await begun(tasks);
    const lines = line.terminal('watch', { CI: 'true' });
    await lines.until(/nightly: running\r\n/);
    assert.ok(!lines.text.includes('\x1b'), lines.text);
  });
});

describe('holdfast tasks tail --follow', { concurrency: 2 }, () => {
  test('goes on where the history ends, without a gap, until nobody reads it', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open();
    const job = await begun(tasks);
    const lines = line.lines(['tail', '--follow', '--json']);
    await lines.until(/"started".*\n.*"started"/);
    for (let round = 0; round < 20; round += 1) await job.root.log(`round ${round}`);
    await job.root.cancel();
    await lines.until(/"canceled".*\n.*"canceled".*\n.*"canceled".*\n/);
    const events = lines.text
      .trim()
      .split('\n')
      .map((row) => JSON.parse(row));
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, index) => index + 1),
    );
    assert.equal(events.at(-1).database, 'default');
    lines.child.stdout?.destroy();
    await tasks.register(leaf('next'));
    assert.equal(await ended(lines.child), 0);
  });

  test('says so when events are gone before it has read them, and goes on', {
    skip: !isLinux,
  }, async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open({ retention: { events: 1 } });
    const job = await begun(tasks);
    const lines = line.lines(['tail', '-f']);
    await lines.until(/started {2}nightly :: load\n/);
    lines.child.kill('SIGSTOP');
    for (const amount of [100, 200, 300]) {
      job.child('load').report({ progress: amount });
      await seen(tasks, 'n', ({ tasks: [, load] }) => load?.progress === amount);
    }
    await tasks.prune();
    await job.child('load').finish();
    lines.child.kill('SIGCONT');
    await lines.until(/reset: events before this one are gone\n/);
    await job.root.cancel();
    await lines.until(/canceled {2}nightly\n/);
  });
});
