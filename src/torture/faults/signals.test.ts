import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readImage } from './directory-image.ts';
import { isInstalled, type LaunchPrefix, prefixed } from './launch-prefix.ts';
import { processState, stateFromPs } from './process-state.ts';
import { copyStopped, isStopped, pauseProcess, resumeProcess, whyNoSignals } from './signals.ts';
import { straceAvailable, straceLaunch } from './strace.ts';

const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, ...env } = process.env;
const root = mkdtempSync(join(tmpdir(), 'holdfast-signals-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

let count = 0;
function freshDirectory(): string {
  count += 1;
  return mkdtempSync(join(root, `${count}-`));
}

/** A Node that says a word when it has begun to work. */
async function start(program: string, dir: string, prefixes: readonly LaunchPrefix[] = []) {
  const args = ['--input-type=module', '-e', program, dir];
  const launch = prefixed(prefixes, process.execPath, args);
  const child = spawn(launch.command, launch.args, {
    env: { ...env, ...launch.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [word] = await once(child.stdout, 'data');
  const { pid } = child;
  assert.ok(pid);
  return { pid, child, word: String(word).trim() };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

// Both programs end some time, lest they outlive tests that were themselves killed.

/** Numbers in two files, of which the first is never more than one ahead of the second. */
const COUNTS = `
  import { openSync, writeSync } from 'node:fs';
  const files = ['a', 'b'].map((name) => openSync(process.argv[1] + '/' + name + process.pid, 'w'));
  const bytes = Buffer.alloc(8);
  for (let count = 1n; performance.now() < 60_000; count += 1n) {
    bytes.writeBigUInt64BE(count);
    for (const file of files) writeSync(file, bytes, 0, 8, 0);
    if (count === 1000n) console.log('counts');
  }`;

/** All four threads of the pool write and sync large files all the time. */
const WRITES = `
  import { open } from 'node:fs/promises';
  const work = async (name) => {
    const file = await open(process.argv[1] + '/' + name, 'w');
    for (let round = 0; performance.now() < 60_000; round += 1) {
      await file.write(Buffer.alloc(8_000_000, round), 0, 8_000_000, 0);
      await file.datasync();
    }
  };
  for (const name of 'abcd') work(name);
  setTimeout(() => console.log('writes'), 100);`;

const hasProc = existsSync('/proc/self/task');

function countOf(dir: string, name: string): number {
  return Number(readFileSync(join(dir, name)).readBigUInt64BE());
}

async function becomes(condition: () => boolean | Promise<boolean>): Promise<void> {
  const limitAt = performance.now() + 10_000;
  while (!(await condition())) {
    assert.ok(performance.now() < limitAt, 'it did not happen within ten seconds');
    await sleep(1);
  }
}

describe('stopping a process', { skip: whyNoSignals() }, () => {
  test('a paused process does nothing until it is resumed', async () => {
    const dir = freshDirectory();
    const { pid, child } = await start(COUNTS, dir);
    assert.equal(await isStopped(pid), false);
    assert.equal(await pauseProcess(pid), true);
    assert.equal(await isStopped(pid), true);
    const image = readImage(dir);
    const counted = countOf(dir, `b${pid}`);
    assert.deepEqual(readImage(dir), image);
    assert.equal(resumeProcess(pid), true);
    await becomes(() => countOf(dir, `b${pid}`) > counted);
    assert.equal(await isStopped(pid), false);
    await end(child);
  });

  test('not even its threads write when it is paused', { skip: !hasProc }, async () => {
    const { pid, child } = await start(WRITES, freshDirectory());
    const states = () =>
      readdirSync(`/proc/${pid}/task`).map((thread) =>
        readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').replace(/^.*\) (.).*$/s, '$1'),
      );
    for (let round = 0; round < 8; round += 1) {
      assert.equal(await pauseProcess(pid), true);
      const letters = states();
      assert.ok(letters.length > 4 && letters.every((letter) => letter === 'T'), letters.join(''));
      resumeProcess(pid);
      await becomes(async () => !(await isStopped(pid)));
    }
    await end(child);
  });

  test('a process that is paused twice goes on when it is resumed twice', async () => {
    const dir = freshDirectory();
    const { pid, child } = await start(COUNTS, dir);
    await Promise.all([pauseProcess(pid), pauseProcess(pid)]);
    assert.equal(resumeProcess(pid), true);
    assert.equal(await isStopped(pid), true);
    const counted = countOf(dir, `b${pid}`);
    assert.equal(resumeProcess(pid), true);
    await becomes(() => countOf(dir, `b${pid}`) > counted);
    await end(child);
  });

  test('one that has ended cannot be paused, and that is no error', async () => {
    const { pid, child } = await start(COUNTS, freshDirectory());
    await end(child);
    assert.equal(await pauseProcess(pid), false);
    assert.equal(resumeProcess(pid), false);
    assert.equal(await isStopped(pid), false);
  });

  test('a paused process can be killed', async () => {
    const { pid, child } = await start(COUNTS, freshDirectory());
    await pauseProcess(pid);
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    assert.deepEqual(await closed, [null, 'SIGKILL']);
    assert.equal(await isStopped(pid), false);
  });

  test('what is paused goes on when the process that did it exits', async () => {
    const program = `
      import { spawn } from 'node:child_process';
      const { pauseProcess } = await import(${JSON.stringify(import.meta.resolve('./signals.ts'))});
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
      await pauseProcess(child.pid);
      process.stdout.write(child.pid + '\\n', () => process.stdin.once('data', () => process.exit()));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const pid = Number(String((await once(child.stdout, 'data'))[0]));
    try {
      assert.equal(await isStopped(pid), true);
      child.stdin.end('exit');
      await once(child, 'close');
      assert.equal(await isStopped(pid), false);
      assert.equal((await processState(pid)).is, 'running');
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  test('under strace too a pause is a pause', async (t) => {
    const injection = { calls: ['fsync'], action: { error: 'EIO' }, when: { first: 1 } };
    const available = await straceAvailable([injection]);
    if (available !== true) return t.skip(available);
    const dir = freshDirectory();
    const launch = straceLaunch([injection], join(root, 'trace'));
    const { pid, child } = await start(COUNTS, dir, [launch]);
    assert.equal(await isStopped(pid), false);
    assert.equal(await pauseProcess(pid), true);
    const image = readImage(dir);
    await sleep(20);
    assert.deepEqual(readImage(dir), image);
    const counted = countOf(dir, `b${pid}`);
    resumeProcess(pid);
    await becomes(() => countOf(dir, `b${pid}`) > counted);
    await end(child);
  });

  test('numbers that mean a group of processes, or this one, are refused', async () => {
    for (const pid of [0, 1, -5, 1.5, Number.NaN, process.pid]) {
      await assert.rejects(pauseProcess(pid), { name: 'RangeError', code: 'ARGUMENT_INVALID' });
      await assert.rejects(copyStopped([pid], root), RangeError);
      assert.throws(() => resumeProcess(pid), RangeError);
    }
  });
});

describe('a copy while all are stopped', { skip: whyNoSignals() }, () => {
  test('is a state in which all could have been killed at once, and all go on after it', async () => {
    const dir = freshDirectory();
    const workers = [await start(COUNTS, dir), await start(COUNTS, dir)];
    const pids = workers.map(({ pid }) => pid);
    let earlier = 0;
    for (let round = 0; round < 10; round += 1) {
      const { files } = await copyStopped(pids, dir);
      const counts = new Map(
        files.map(({ path, bytes }) => [path, Number(bytes.readBigUInt64BE())]),
      );
      for (const pid of pids) {
        const ahead = (counts.get(`a${pid}`) ?? 0) - (counts.get(`b${pid}`) ?? 0);
        assert.ok(ahead === 0 || ahead === 1, `${ahead} ahead`);
      }
      const counted = counts.get(`b${pids[0]}`) ?? 0;
      assert.ok(counted > earlier, 'it went on after the last copy');
      earlier = counted;
      await becomes(() =>
        pids.every((pid) => countOf(dir, `b${pid}`) > (counts.get(`b${pid}`) ?? 0)),
      );
    }
    for (const { child } of workers) await end(child);
  });

  test('lets all go on when the directory cannot be read', async () => {
    const dir = freshDirectory();
    const { pid, child } = await start(COUNTS, dir);
    await assert.rejects(copyStopped([pid], join(root, 'nowhere')), { code: 'ENOENT' });
    const counted = countOf(dir, `b${pid}`);
    await becomes(() => countOf(dir, `b${pid}`) > counted);
    await end(child);
  });

  test('a pause that begins or ends during a copy ends when it should', async () => {
    const dir = freshDirectory();
    const [first, second] = [await start(COUNTS, dir), await start(COUNTS, dir)];
    await pauseProcess(first.pid);
    const copy = copyStopped([first.pid, second.pid], dir);
    resumeProcess(first.pid);
    const paused = pauseProcess(second.pid);
    const { files } = await copy;
    assert.equal(await paused, true);
    assert.equal(await isStopped(second.pid), true);
    for (const { pid } of [first, second]) {
      const [a = 0n, b = 0n] = ['a', 'b'].map((name) =>
        files.find(({ path }) => path === `${name}${pid}`)?.bytes.readBigUInt64BE(),
      );
      assert.ok(a === b || a === b + 1n, `${a} and ${b}`);
    }
    const counted = countOf(dir, `b${first.pid}`);
    await becomes(() => countOf(dir, `b${first.pid}`) > counted);
    await end(first.child);
    await end(second.child);
  });

  test('one that was paused before stays so, and one that has ended is no matter', async () => {
    const dir = freshDirectory();
    const [paused, ended] = [await start(COUNTS, dir), await start(COUNTS, dir)];
    await end(ended.child);
    await pauseProcess(paused.pid);
    const { files } = await copyStopped([paused.pid, ended.pid], dir);
    assert.equal(files.length, readdirSync(dir).length);
    assert.equal(await isStopped(paused.pid), true);
    await end(paused.child);
  });
});

const skip = whyNoSignals() ?? (isInstalled('ps') ? false : 'there is no ps');

test('ps tells the same where there is no /proc', { skip }, async () => {
  const { pid, child } = await start(COUNTS, freshDirectory());
  assert.equal((await stateFromPs(pid)).is, 'running');
  await pauseProcess(pid);
  assert.equal((await stateFromPs(pid)).is, 'stopped');
  await end(child);
  assert.equal((await stateFromPs(pid)).is, 'gone');
  assert.equal(spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`]).status, 1);
});
