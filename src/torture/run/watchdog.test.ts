import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
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
