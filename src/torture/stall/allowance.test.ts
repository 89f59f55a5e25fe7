import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Allowance } from './allowance.ts';
import type { Use } from './cpu.ts';

const limitMs = 100;

/** Whoever has had that share of a processor all along. */
function worker(share: number, state: Use['state']): () => Use {
  return () => ({ cpuMs: share * performance.now(), state });
}

describe('the time of a worker', () => {
  for (const [what, use] of [
    ['sleeps', worker(0, 'sleeping')],
    ['computes', worker(0.9, 'running')],
    ['asks again and again', worker(0.2, 'sleeping')],
    ['cannot be seen', () => undefined],
  ] as const) {
    test(`that ${what} is up by the clock`, async () => {
      const startedAt = performance.now();
      using allowance = new Allowance(limitMs, use);
      assert.equal(await allowance.isUp, 'hung');
      assert.ok(performance.now() - startedAt >= limitMs - 1);
    });
  }

  test('does not go by while nobody looks', async () => {
    using allowance = new Allowance(10 * limitMs);
    const startedAt = performance.now();
    // As Ctrl-Z does, or a machine that sleeps.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 12 * limitMs);
    await allowance.isUp;
    assert.ok(performance.now() - startedAt >= 15 * limitMs);
  });

  test('that computes on a busy machine is up when it has computed for so long', async () => {
    const startedAt = performance.now();
    using allowance = new Allowance(limitMs, worker(0.25, 'running'));
    assert.equal(await allowance.isUp, 'hung');
    assert.ok(performance.now() - startedAt >= 3 * limitMs);
  });

  for (const [what, use] of [
    ['is not let run', worker(0.05, 'running')],
    ['waits for a device', worker(0, 'disk')],
  ] as const) {
    test(`that ${what} is long, and then it is not its fault`, async () => {
      const startedAt = performance.now();
      using allowance = new Allowance(limitMs, use);
      assert.equal(await allowance.isUp, 'late');
      assert.ok(performance.now() - startedAt >= 5 * limitMs);
    });
  }
});
