import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { describe, type TestContext, test } from 'node:test';
import type { AnyDeclared, DeclarationOptions } from '../src/torture.ts';
import { lockedCounter } from './torture/locked-counters.ts';
import { broken, complaints, LINUX, runOf } from './torture/real-runs.ts';
import { crossedProcesses, crossedThreads, spinning, starving, stopping } from './torture/stuck.ts';

const stallMs = 500;

describe('a run that gets nowhere', () => {
  test(
    'in threads that wait for two locks crosswise is a deadlock, with both stacks',
    LINUX,
    async (t) => {
      const message = await stallOf(t, crossedThreads, { mode: 'threads' });
      assert.match(message, /^deadlock: no operation has returned for \d\.\d s/);
      assert.equal(
        message.match(/is in: javascript.*\n.*Atomics\.wait.*\n.*takeLock/g)?.length,
        2,
        message,
      );
      assert.match(message, /client 0 {2}both 0 .*\nclient 1 {2}both 1 /);
    },
  );

  test('in processes is one too, with who holds which lock', LINUX, async (t) => {
    const message = await stallOf(t, crossedProcesses, { mode: 'processes' });
    assert.match(message, /^deadlock: /);
    const holders = [...message.matchAll(/^process (\d+) holds (first|second) /gm)];
    const [one, other] = holders;
    assert.ok(holders.length === 2 && one?.[1] !== other?.[1] && one?.[2] !== other?.[2], message);
  });

  for (const mode of ['threads', 'processes'] as const) {
    test(`in ${mode} but computes is a livelock, with the function that does`, LINUX, async (t) => {
      const message = await stallOf(t, spinning, { mode });
      assert.match(message, /^livelock: .*worker 1 is computing/);
      assert.match(message, /worker 1 is in: javascript.*\n +computeForEver \(.*stuck\.ts:\d+/);
    });
  }

  test('because a worker was stopped says so', LINUX, async (t) => {
    const message = await stallOf(t, stopping, { mode: 'processes' });
    assert.match(message, /^stopped: worker 1 is stopped by a signal/);
    assert.match(message, /worker 1 is in: stopped/);
  });

  test('for one client, where the others do, starves it', LINUX, async (t) => {
    const run = await runOf(t, starving, { mode: 'threads', stallMs: 2000 });
    assert.deepEqual(broken(run), ['no-starvation'], complaints(run));
    assert.match(run.violations[0]?.message ?? '', /^0 operations of client 0 returned/);
  });

  test('is none on a machine that is only busy', LINUX, async (t) => {
    const load = Array.from({ length: 4 }, () => busyProcess());
    try {
      const run = await runOf(t, lockedCounter, { mode: 'processes', stallMs });
      assert.equal(run.verdict, 'ok', complaints(run));
    } finally {
      for (const child of load) child.kill('SIGKILL');
    }
  });
});

async function stallOf(
  t: TestContext,
  declared: AnyDeclared,
  options: DeclarationOptions,
): Promise<string> {
  const run = await runOf(t, declared, { stallMs, ...options });
  assert.deepEqual(broken(run), ['no-deadlock'], complaints(run));
  return run.violations[0]?.message ?? '';
}

/** Ends by itself some time, should nobody do it. */
function busyProcess(): ChildProcess {
  const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, ...env } = process.env;
  const program = 'while (performance.now() < 20_000);';
  return spawn(process.execPath, ['-e', program], { env, stdio: 'ignore' });
}
