import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Use } from '../stall/cpu.ts';
import { SlotReader, SlotWriter, sharedSlots } from './slots.ts';
import { Watchdog } from './watchdog.ts';

const stallMs = 1000;
const limitAt = process.hrtime.bigint() + 60_000_000_000n;

function inFlight(): SlotReader {
  const storage = sharedSlots(1);
  new SlotWriter(storage, 1).begin(0, 3, 5);
  return new SlotReader(storage, 1);
}

describe('watchdog', () => {
  test('tells of an operation that does not return', async () => {
    using watchdog = new Watchdog(inFlight(), { stallMs, limitAt });
    const { kind, inFlight: found } = await watchdog.stalled;
    assert.equal(kind, 'stalled');
    assert.deepEqual(found, [{ client: 0, phase: 0, round: 0, index: 3, since: 5 }]);
  });

  /** At one operation all along, of which a worker has had that share of a processor. */
  const endless = (share: number, state: Use['state']) => () => {
    const client = { group: 'all', worker: 0, returned: 0, isInFlight: true };
    return { clients: [client], workers: [{ cpuMs: share * performance.now(), state }] };
  };

  test('counts the time of what computes by the processor, however long that takes', async () => {
    using watchdog = new Watchdog(inFlight(), {
      ...{ stallMs: 100, limitAt, observe: endless(0.2, 'running') },
    });
    const { kind, workers } = await watchdog.stalled;
    assert.deepEqual([kind, workers], ['livelock', [0]]);
  });

  test('does not blame the store for time in which the machine does not let it run', async () => {
    const soon = process.hrtime.bigint() + 1_000_000_000n;
    using watchdog = new Watchdog(inFlight(), {
      ...{ stallMs: 100, limitAt: soon, observe: endless(0.02, 'running') },
    });
    assert.equal((await watchdog.stalled).kind, 'late');
  });

  test('tells of one that asks too often to be asleep and too seldom to compute', async () => {
    using watchdog = new Watchdog(inFlight(), {
      ...{ stallMs: 100, limitAt, observe: endless(0.3, 'sleeping') },
    });
    assert.equal((await watchdog.stalled).kind, 'stalled');
  });

  test('does not blame the store for time in which the rig itself was stopped', async () => {
    using watchdog = new Watchdog(inFlight(), { stallMs, limitAt });
    // Of two timers of one length the elder fires first: it has looked once.
    await pause(stallMs / 4);
    // As Ctrl-Z does, or a machine that sleeps.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * stallMs);
    const goesOnAt = performance.now();
    await watchdog.stalled;
    assert.ok(performance.now() - goesOnAt > stallMs / 4);
  });
});
