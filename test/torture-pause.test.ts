import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { block, kill, PoolSet, pause, runTorture } from '../src/torture.ts';
import { soundLedger } from './torture/ledgers.ts';
import { leasedCounter, lockedCounter } from './torture/locked-counters.ts';
import {
  broken,
  childrenOf,
  complaints,
  faultOf,
  LIMIT,
  LINUX,
  leftInTemp,
  runOf,
  runUntil,
  until,
} from './torture/real-runs.ts';
import { soundRegister } from './torture/registers.ts';

describe('a run in which workers are stopped', () => {
  test(
    'tells when, and finds nothing in a counter under a lock, however long that takes',
    LIMIT,
    async (t) => {
      // Four times as long as the watchdog of the store would wait.
      const faults = [pause({ everyMs: 100, forMs: 400 }), block({ everyMs: 60, forMs: 50 })];
      const options = { mode: 'processes', faults, stallMs: 100 } as const;
      // One that met the last operation of a round ends with it.
      const run = await runUntil(t, lockedCounter, options, (one) => {
        assert.equal(one.verdict, 'ok', complaints(one));
        return longest(one, 'pause') >= 400e6 && longest(one, 'block') >= 50e6;
      });
      for (const fault of ['pause', 'block']) {
        const { armed, hit, windows } = faultOf(run, fault);
        assert.ok(hit > 0 && windows.length === armed, complaints(run));
        for (const { target } of windows) assert.match(target, /^clients \d$/);
      }
    },
  );

  test('blames a lease that nobody asks for when he writes', LIMIT, async (t) => {
    const options = { mode: 'processes', faults: [pause({ everyMs: 60, forMs: 150 })] } as const;
    const run = await runUntil(t, leasedCounter, options, (one) => broken(one).length > 0);
    assert.deepEqual(broken(run), ['linearizable'], complaints(run));
  });

  test('says so where there is nobody to stop', LIMIT, async (t) => {
    const run = await runOf(t, soundRegister, {
      ...{ mode: 'threads', clients: 2, operations: 40 },
      faults: [pause(), kill()],
    });
    for (const fault of ['pause', 'kill']) {
      assert.match(faultOf(run, fault).skipped ?? '', /takes processes/);
    }
  });

  for (const fault of [pause({ everyMs: 20, forMs: 60_000 }), kill({ everyMs: 10 })]) {
    test(
      `by ${fault.kind} ends at once when it is aborted, and leaves no process and no file behind`,
      LINUX,
      async () => {
        const before = childrenOf(process.pid);
        const abort = new AbortController();
        await using own = new PoolSet({ processes: 2 });
        const running = runTorture(soundLedger, {
          ...{ mode: 'processes', faults: [fault], pools: own, signal: abort.signal },
        });
        const ended = assert.rejects(running, /^Error: enough$/);
        const seen = new Set(before);
        await until(() => {
          const pids = childrenOf(process.pid);
          for (const pid of pids) seen.add(pid);
          // Two workers, and one in the place of another.
          return fault.kind === 'pause' ? pids.some(isStopped) : seen.size > before.length + 2;
        });
        abort.abort(new Error('enough'));
        await ended;
        assert.deepEqual(childrenOf(process.pid), before);
        assert.deepEqual(leftInTemp(), []);
      },
    );
  }
});

/** In nanoseconds. */
function longest(run: Parameters<typeof faultOf>[0], fault: string): number {
  return Math.max(0, ...faultOf(run, fault).windows.map(({ from, to }) => to - from));
}

function isStopped(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
