import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Injection } from './injection.ts';
import { isInstalled, prefixed } from './launch-prefix.ts';
import { limitLaunch } from './limits.ts';
import { straceAvailable, straceLaunch } from './strace.ts';
import { straceHits } from './strace-log.ts';

const dir = mkdtempSync(join(tmpdir(), 'holdfast-strace-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(dir, { recursive: true });
});

const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, ...env } = process.env;

const third: Injection = { calls: ['fsync'], action: { error: 'EIO' }, when: { first: 3 } };
const available = await straceAvailable([third]);
const skip = available === true ? false : available;

let count = 0;

interface Run {
  readonly lines: readonly string[];
  readonly status: number | null;
  readonly signal: string | null;
  readonly hits: Awaited<ReturnType<typeof straceHits>>;
  readonly pid: number;
}

/** Runs a module that prints lines under strace. */
async function run(program: string, ...injections: Injection[]): Promise<Run> {
  count += 1;
  const log = join(dir, `log-${count}`);
  const {
    command,
    args,
    env: more,
  } = prefixed([straceLaunch(injections, log)], process.execPath, [
    ...['--input-type=module', '-e', program],
  ]);
  const child = spawn(command, args, {
    cwd: dir,
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [status, signal] = await once(child, 'close');
  const pid = child.pid ?? 0;
  return {
    lines: output.trim().split('\n'),
    status,
    signal,
    hits: await straceHits(log, pid),
    pid,
  };
}

const SYNCS = `
  import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
  const file = openSync('synced', 'w');
  for (let nth = 1; nth <= 5; nth += 1) {
    try { fsyncSync(file); writeSync(1, nth + ' ok\\n'); } catch (error) { writeSync(1, nth + ' ' + error.code + '\\n'); }
  }`;

describe('system calls changed by strace', { skip }, () => {
  test('the third fsync of a Node fails with EIO, the others do not', async () => {
    const { lines, status, hits, pid } = await run(SYNCS, third);
    assert.deepEqual(lines, ['1 ok', '2 ok', '3 EIO', '4 ok', '5 ok']);
    assert.equal(status, 0);
    assert.deepEqual(hits, [{ call: 'fsync', thread: pid, nth: 3, effect: 'EIO' }]);
  });

  test('from the third on they all fail', async () => {
    const { lines, hits } = await run(SYNCS, { ...third, when: { first: 3, step: 1 } });
    assert.deepEqual(lines, ['1 ok', '2 ok', '3 EIO', '4 EIO', '5 EIO']);
    assert.deepEqual(
      hits.map(({ nth }) => nth),
      [3, 4, 5],
    );
  });

  test('a process is killed exactly at its third fsync, and that is how its parent sees it', async () => {
    const { lines, signal, hits, pid } = await run(SYNCS, {
      ...third,
      action: { signal: 'SIGKILL' },
    });
    assert.deepEqual(lines, ['1 ok', '2 ok']);
    assert.equal(signal, 'SIGKILL');
    assert.deepEqual(hits, [{ call: 'fsync', thread: pid, nth: 3, effect: 'SIGKILL' }]);
  });

  test('a signal that a process listens to comes at its third fsync', async () => {
    const program = `process.on('SIGUSR2', () => console.log('heard'));${SYNCS}
      await new Promise(setImmediate);`;
    const { lines, hits } = await run(program, { ...third, action: { signal: 'SIGUSR2' } });
    assert.deepEqual(lines, ['1 ok', '2 ok', '3 ok', '4 ok', '5 ok', 'heard']);
    assert.deepEqual(
      hits.map(({ nth, effect }) => [nth, effect]),
      [[3, 'SIGUSR2']],
    );
  });

  test('a call is held up', async () => {
    const program = `
      import { fsyncSync, openSync } from 'node:fs';
      const file = openSync('slow', 'w');
      for (let nth = 1; nth <= 3; nth += 1) {
        const startedAt = performance.now();
        fsyncSync(file);
        if (performance.now() - startedAt > 300) console.log(nth);
      }`;
    const when = { first: 2, last: 2 };
    const { lines, hits } = await run(program, {
      calls: ['fsync'],
      action: { delayMs: 400 },
      when,
    });
    assert.ok(lines.includes('2'), lines.join());
    assert.deepEqual(
      hits.map(({ nth, effect }) => [nth, effect]),
      [[2, 'delay']],
    );
  });

  test('asynchronous calls are counted in order, because one thread makes them all', async () => {
    const program = `
      import { open } from 'node:fs/promises';
      const file = await open('async', 'w');
      const syncs = Array.from({ length: 6 }, () => file.datasync().then(() => 'ok', ({ code }) => code));
      console.log((await Promise.all(syncs)).sort().join(' '));`;
    const { lines, hits, pid } = await run(program, {
      calls: ['fdatasync'],
      action: { error: 'ENOSPC' },
      when: { first: 2, last: 6, step: 2 },
    });
    assert.deepEqual(lines, ['ENOSPC ENOSPC ENOSPC ok ok ok']);
    assert.deepEqual(
      hits.map(({ nth }) => nth),
      [2, 4, 6],
    );
    assert.ok(hits.every(({ thread }) => thread !== pid));
  });

  test('with paths only calls on those files count, so that Node lives through a failing write', async () => {
    const program = `
      import { openSync, writeSync } from 'node:fs';
      const write = (path) => {
        try { return writeSync(openSync(path, 'a'), 'x') } catch ({ code }) { return code }
      };
      for (let nth = 1; nth <= 3; nth += 1) console.log(write('spared'), write('meant'));`;
    const { lines, status } = await run(program, {
      calls: ['write'],
      action: { error: 'ENOSPC' },
      when: { first: 2, step: 1 },
      paths: [join(dir, 'meant')],
    });
    assert.deepEqual(lines, ['1 1', '1 ENOSPC', '1 ENOSPC']);
    assert.equal(status, 0);
  });

  test('several injections at once', async () => {
    const program = `
      import { fsyncSync, ftruncateSync, openSync } from 'node:fs';
      const file = openSync('both', 'w');
      for (const call of [fsyncSync, ftruncateSync]) {
        try { call(file) } catch (error) { console.log(error.code) }
      }`;
    const { lines, hits } = await run(
      program,
      { calls: ['fsync'], action: { error: 'EIO' }, when: { first: 1 } },
      { calls: ['ftruncate'], action: { error: 'ENOSPC' }, when: { first: 1 } },
    );
    assert.deepEqual(lines, ['EIO', 'ENOSPC']);
    assert.deepEqual(
      hits.map(({ call, effect }) => [call, effect]),
      [
        ['fsync', 'EIO'],
        ['ftruncate', 'ENOSPC'],
      ],
    );
  });

  test('a worker under strace is our own child: it talks, and kill -9 ends it', async () => {
    const log = join(dir, 'forked');
    const worker = join(dir, 'worker.mjs');
    writeFileSync(worker, `process.on('message', () => process.send(process.pid));`);
    const { command, args, env: more } = prefixed([straceLaunch([third], log)], process.execPath);
    const child = fork(worker, {
      execPath: command,
      execArgv: [...args],
      env: { ...env, ...more },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.push(child);
    child.send('who are you?');
    const { pid = 0 } = child;
    const [answer] = await once(child, 'message');
    assert.equal(answer, pid);
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    assert.deepEqual(await closed, [null, 'SIGKILL']);
    assert.deepEqual(await straceHits(log, pid), []);
  });

  test('a limit behind strace holds too', async () => {
    const launch = limitLaunch({ fileBytes: 512 });
    assert.ok('command' in launch);
    const {
      command,
      args,
      env: more,
    } = prefixed([straceLaunch([third], join(dir, 'limited')), launch], process.execPath, [
      '-e',
      `require('node:fs').writeFileSync('limited.dat', 'x'.repeat(1000))`,
    ]);
    const child = spawn(command, args, { cwd: dir, env: { ...env, ...more }, stdio: 'ignore' });
    assert.deepEqual(await once(child, 'close'), [1, null]);
    assert.equal(readFileSync(join(dir, 'limited.dat')).length, 512);
  });

  test('what this machine cannot do is said beforehand', async () => {
    const { calls, action, when } = third;
    assert.equal(await straceAvailable([{ calls, action, when }]), true);
    assert.match(String(await straceAvailable([{ ...third, calls: ['nonesuch'] }])), /nonesuch/);
  });
});

test('a process that may not trace is told so', { skip: skip || !isInstalled('sh') }, async () => {
  // What is traced already cannot be traced a second time.
  const program = `
    const { straceAvailable } = await import(${JSON.stringify(import.meta.resolve('./strace.ts'))});
    console.log(await straceAvailable([${JSON.stringify(third)}]));`;
  const { lines } = await run(program, third);
  assert.match(lines.join('\n'), /PTRACE|not permitted/);
});

test('injections that one strace cannot do together are refused', () => {
  const other: Injection = { ...third, calls: ['rename'], paths: ['/a'] };
  for (const injections of [[], [third, third], [third, other], [{ ...third, calls: [] }]]) {
    assert.throws(() => straceLaunch(injections, 'log'), {
      name: 'RangeError',
      code: 'ARGUMENT_INVALID',
      message: /^system calls: /,
    });
  }
});
