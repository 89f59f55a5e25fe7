import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { classify } from './classify.ts';
import { processUse } from './cpu.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { Look } from './look.ts';
import { freshDir, isLinux, startStuck } from './start.fixture.ts';

const EVERY_MS = 20;
const LIMITS = { stallMs: 200, slowMs: 60_000 };

/** Looks at processes, each of which has one operation in flight, until there is a diagnosis or all have ended. */
async function watch(children: readonly ChildProcess[]): Promise<Diagnosis | undefined> {
  const looks: Look[] = [];
  const isDone = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;
  while (!children.every(isDone)) {
    looks.push({
      atMs: performance.now(),
      clients: children.map((child, worker) => ({
        ...{ group: 'all', worker, returned: Number(isDone(child)), isInFlight: !isDone(child) },
      })),
      workers: children.map(({ pid = 0 }) => processUse(pid)),
    });
    const found = classify(looks, LIMITS);
    if (found) return found;
    await pause(EVERY_MS);
  }
  return undefined;
}

describe('real processes', { skip: !isLinux, concurrency: 2 }, () => {
  for (const way of ['takes files', 'takes kernel locks']) {
    test(`two of which each ${way} that the other wants are a deadlock`, async (t) => {
      const dir = freshDir(t);
      const children = await Promise.all([
        startStuck(t, way, dir, 'a', 'b'),
        startStuck(t, way, dir, 'b', 'a'),
      ]);
      for (const child of children) child.send('go on');
      const found = await watch(children);
      assert.deepEqual([found?.kind, found?.clients], ['deadlock', [0, 1]]);
    });
  }

  test('one that spins while another waits is a livelock', async (t) => {
    const children = await Promise.all([
      startStuck(t, 'waits for a timer'),
      startStuck(t, 'spins'),
    ]);
    const found = await watch(children);
    assert.deepEqual([found?.kind, found?.workers], ['livelock', [1]]);
  });

  test('one that is stopped while another waits is named', async (t) => {
    const children = await Promise.all([
      startStuck(t, 'waits for a timer'),
      startStuck(t, 'spins'),
    ]);
    children[1]?.kill('SIGSTOP');
    const found = await watch(children);
    assert.deepEqual([found?.kind, found?.workers], ['stopped', [1]]);
  });

  test('more of them than processors, each of which computes for less than the limit, are well', async (t) => {
    const children = await Promise.all(Array.from({ length: 4 }, () => startStuck(t, 'computes')));
    assert.equal(await watch(children), undefined);
    assert.ok(children.every(({ exitCode }) => exitCode === 0));
  });
});
