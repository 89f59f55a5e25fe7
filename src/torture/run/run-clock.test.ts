import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RunClock } from './run-clock.ts';

const READINGS = 1000;

describe('the clock of a run', () => {
  for (const [name, agoNs] of [
    ['now', 0n],
    ['an hour ago', 3_600_000_000_000n],
    ['a month ago', 2_592_000_000_000_000n],
  ] as const) {
    test(`that began ${name} reads no later than it is before, and no earlier after`, () => {
      const startedAt = process.hrtime.bigint() - agoNs;
      const clock = new RunClock(startedAt);
      for (let reading = 0; reading < READINGS; reading += 1) {
        const begin = clock.begin();
        const now = Number(process.hrtime.bigint() - startedAt);
        const end = clock.end();
        // Of numbers that large half a nanosecond is lost.
        assert.ok(begin <= now + 0.5 && now <= end + 0.5, `${begin} ${now} ${end}`);
      }
    });
  }

  test('goes forward, and is never off by more than the machine was held up', () => {
    const startedAt = process.hrtime.bigint();
    const clock = new RunClock(startedAt);
    let narrowest = Number.POSITIVE_INFINITY;
    let last = 0;
    for (let reading = 0; reading < READINGS; reading += 1) {
      const begin = clock.begin();
      const end = clock.end();
      assert.ok(begin <= end && end >= last);
      last = end;
      narrowest = Math.min(narrowest, end - begin);
    }
    // Twice the error and a reading; it is microseconds, or the clock would be of no use.
    assert.ok(narrowest < 100_000, `${narrowest} ns`);
  });
});
