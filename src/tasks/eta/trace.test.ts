import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Trace } from './trace.ts';

/** Moved by 1 at each of these times. */
function moved(...timesMs: number[]): Trace {
  const trace = new Trace(0, 0);
  timesMs.forEach((atMs, at) => {
    trace.add(at + 1, atMs);
  });
  return trace;
}

function every(ms: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => (at + 1) * ms);
}

function assertNear(found: number | null, expected: number, part = 1e-6): void {
  assert.ok(found !== null && Math.abs(found - expected) <= expected * part, `${found}`);
}

describe('the rate', () => {
  test('is unknown before the first move', () => {
    const trace = moved();
    assert.equal(trace.ratePerSecond(5000), null);
    assert.equal(trace.remainingMs(10, 5000), null);
  });

  test('is known from the first move on', () => {
    assertNear(moved(2000).ratePerSecond(2000), 0.5);
  });

  test('is known of a move at the moment of the start, as soon as some time is over', () => {
    assert.equal(moved(0).ratePerSecond(0), null);
    assertNear(moved(0).ratePerSecond(2000), 0.5);
  });

  test('halves what it is off by every 15 seconds after a change of pace', () => {
    const trace = moved(...every(100, 600));
    for (let at = 1; at <= 60; at += 1) trace.add(600 + at, 60_000 + 500 * at);
    assertNear(trace.ratePerSecond(90_000), 4, 0.05);
    for (let at = 61; at <= 120; at += 1) trace.add(600 + at, 60_000 + 500 * at);
    assertNear(trace.ratePerSecond(120_000), 2.5, 0.05);
  });

  test('rests on the last two moves, however far apart they are', () => {
    assertNear(moved(1000, 601_000, 1_201_000).ratePerSecond(1_201_000), 1 / 600, 0.001);
  });

  test('sinks when no move comes in time', () => {
    const trace = moved(...every(1000, 60));
    const rates = [60_000, 61_000, 70_000, 120_000].map((nowMs) => trace.ratePerSecond(nowMs) ?? 0);
    assert.equal(rates[0], rates[1]);
    assert.ok((rates[1] ?? 0) > (rates[2] ?? 0) && (rates[2] ?? 0) > (rates[3] ?? 0), `${rates}`);
    assert.ok((rates[3] ?? 0) < 0.1);
  });
});

describe('what remains', () => {
  test('counts down between moves', () => {
    const trace = moved(...every(60_000, 5));
    assertNear(trace.remainingMs(5, 300_000), 300_000);
    assertNear(trace.remainingMs(5, 330_000), 270_000);
    assertNear(trace.remainingMs(5, 360_000), 240_000);
  });

  test('does not get less when a move is overdue', () => {
    const trace = moved(...every(60_000, 5));
    const due = trace.remainingMs(5, 360_000) ?? 0;
    assert.ok((trace.remainingMs(5, 400_000) ?? 0) > due);
  });

  test('far away is told by the whole run, near by the last half minute', () => {
    const trace = moved(...every(100, 6000));
    for (let at = 1; at <= 10; at += 1) trace.add(6000 + 2 * at, 600_000 + 1000 * at);
    const rate = trace.ratePerSecond(610_000) ?? 0;
    assert.ok(rate < 8, `${rate}`);
    assertNear(trace.remainingMs(2, 610_000), 2000 / rate, 0.02);
    assertNear(trace.remainingMs(100_000, 610_000), 100_000 * (610_000 / 6020), 0.01);
  });

  test('is 0 of nothing', () => {
    assert.equal(moved(1000).remainingMs(0, 1000), 0);
    assert.equal(moved(1000).remainingMs(-3, 1000), 0);
  });

  test('rests on the time since the start, of a task that was first seen half-way', () => {
    const trace = new Trace(50, 100_000);
    trace.begin(0);
    assertNear(trace.remainingMs(50, 100_000), 100_000);
    assert.equal(trace.startedAt, 0);
  });

  test('does not ask when a task started that was seen at its start', () => {
    const trace = new Trace(0, 100_000);
    trace.begin(0);
    assert.equal(trace.startedAt, 100_000);
  });
});

test('samples that go back, in time or in progress, do no harm', () => {
  const trace = moved(...every(1000, 10));
  trace.add(5, 11_000);
  trace.add(Number.NaN, 11_000);
  trace.add(10, 9000);
  assertNear(trace.remainingMs(10, 10_000), 10_000);
  trace.add(11, 9000);
  assert.equal(trace.progress, 11);
  assert.ok((trace.remainingMs(10, 10_000) ?? 0) > 0);
});

test('whatever is seen, it answers with numbers from 0 or not at all', () => {
  const amounts = fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true });
  const samples = fc.array(fc.tuple(amounts, fc.double({ min: -1e5, max: 1e9, noNaN: true })));
  fc.assert(
    fc.property(samples, amounts, fc.nat(), (all, left, waitMs) => {
      const trace = new Trace(0, 0);
      for (const [progress, atMs] of all) trace.add(progress, atMs);
      for (const nowMs of [0, waitMs, ...all.map(([, atMs]) => atMs)]) {
        const found = [trace.remainingMs(left, nowMs), trace.ratePerSecond(nowMs)];
        for (const value of found) assert.ok(value === null || value >= 0, `${value}`);
      }
    }),
  );
});

test('with two samples that differ there is an answer', () => {
  const progress = fc.integer({ min: 1, max: 1e9 });
  const times = fc.integer({ min: 1, max: 1e9 });
  fc.assert(
    fc.property(progress, times, progress, (amount, ms, left) => {
      const trace = new Trace(0, 0);
      trace.add(amount, ms);
      assert.notEqual(trace.remainingMs(left, ms), null);
      assert.notEqual(trace.ratePerSecond(ms), null);
    }),
  );
});
