import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { placeOf, ticksOf, windowOf } from './time-axis.ts';

const NOW = Date.UTC(2026, 10, 21, 12, 0, 30);

describe('a stretch of time', () => {
  test('holds all rows and what lies ahead, or what was lately', () => {
    const all = windowOf(null, { from: NOW - 100_000, to: NOW }, NOW);
    assert.equal(all.from, NOW - 100_000);
    assert.ok(all.to > NOW && all.to < NOW + 20_000);
    const minute = windowOf(60_000, { from: 0, to: NOW }, NOW);
    assert.equal(minute.from, NOW - 60_000);
    assert.ok(placeOf(NOW, minute, 300) < 300);
  });

  test('is never so short that it races', () => {
    const { from, to } = windowOf(null, { from: NOW - 5, to: NOW }, NOW);
    assert.ok(to - from >= 10_000);
    assert.ok(windowOf(null, undefined, NOW).to > NOW);
  });

  test('has ticks at round times, in order, with room for their labels', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10_000, max: 400 * 86_400_000 }),
        fc.integer({ min: 100, max: 2000 }),
        (lengthMs, width) => {
          const window = { from: NOW, to: NOW + lengthMs };
          const ticks = ticksOf(window, width);
          const places = ticks.map(({ at }) => placeOf(at, window, width));
          for (const [index, x] of places.entries()) {
            assert.ok(x >= 0 && x < width);
            if (index > 0) assert.ok(x - (places[index - 1] ?? 0) >= 75, `${x}`);
          }
          assert.ok(ticks.every(({ at, label }) => label !== '' && at % 1000 === 0));
        },
      ),
    );
  });
});
