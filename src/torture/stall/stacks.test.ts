import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { processUse } from './cpu.ts';
import { type Stack, stackOf, threadStackOf } from './stacks.ts';
import { freshDir, isLinux, startStuck, startStuckThread, until } from './start.fixture.ts';

/** Of a machine on which everything else runs too. */
const WAIT_MS = 8000;

async function ofProcess(t: TestContext, way: string): Promise<() => Promise<Stack | undefined>> {
  const child = await startStuck(t, way);
  if (isLinux && way !== 'spins') {
    await until(() => processUse(child.pid ?? 0)?.state === 'sleeping');
  }
  return () => stackOf(child, WAIT_MS);
}

async function ofThread(t: TestContext, way: string): Promise<() => Promise<Stack | undefined>> {
  const { thread, id } = await startStuckThread(t, way);
  return () => threadStackOf(thread, id, WAIT_MS);
}

describe('stack of a stuck worker', { skip: process.platform === 'win32', concurrency: 2 }, () => {
  for (const [kind, stuckIn] of [
    ['process', ofProcess],
    ['thread', ofThread],
  ] as const) {
    test(`a loop that blocks the event loop of a ${kind} is named with its line`, async (t) => {
      const ask = await stuckIn(t, 'spins');
      const stack = await ask();
      assert.equal(stack?.where, 'javascript');
      assert.match(stack.frames[0] ?? '', /spinForEver .*stuck\.fixture\.ts:\d+:\d+\)$/);
    });

    test(`a ${kind} that waits on shared memory is found there`, async (t) => {
      const ask = await stuckIn(t, 'waits on memory');
      const stack = await ask();
      assert.equal(stack?.where, 'javascript');
      assert.match(stack.frames.join(), /waitOnMemory .*stuck\.fixture\.ts/);
    });

    test(`the event loop of a ${kind} that waits has no frames, but something pending`, async (t) => {
      const ask = await stuckIn(t, 'waits for a timer');
      let stack = await ask();
      // It says that it is there just before it waits.
      while (kind === 'thread' && stack?.where === 'javascript') stack = await ask();
      assert.deepEqual([stack?.where, stack?.frames], ['event loop', []]);
      assert.ok(stack?.pending.includes('Timeout'), stack?.pending.join());
    });
  }

  const skip = !isLinux;
  test('a call that does not return is named, in bounded time', { skip }, async (t) => {
    const child = await startStuck(t, 'opens a pipe', freshDir(t));
    const { pid = 0 } = child;
    await until(() => processUse(pid)?.state === 'sleeping');
    const stack = await stackOf(child, 200);
    assert.deepEqual([stack?.where, stack?.frames], ['system', []]);
    assert.deepEqual(
      stack?.calls.map(({ name, thread }) => [name, thread]),
      [['openat', pid]],
    );
  });

  test('a stopped process is said to be one, and is not woken', { skip }, async (t) => {
    const child = await startStuck(t, 'spins');
    const isStopped = () => processUse(child.pid ?? 0)?.state === 'stopped';
    child.kill('SIGSTOP');
    await until(isStopped);
    const stack = await stackOf(child, WAIT_MS);
    assert.deepEqual([stack?.where, stack?.frames], ['stopped', []]);
    assert.ok(isStopped());
  });

  test('a worker that is gone has none', async (t) => {
    const child = await startStuck(t, 'computes');
    await until(() => child.exitCode !== null);
    assert.equal(await stackOf(child, WAIT_MS), undefined);
    const { thread, id } = await startStuckThread(t, 'waits for a timer');
    await thread.terminate();
    assert.equal(await threadStackOf(thread, id, WAIT_MS), undefined);
  });
});
