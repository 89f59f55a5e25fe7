import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from './parse.ts';
import { durationMs, momentMs, timeText } from './time.ts';

test('a duration has a number and a unit', () => {
  const durations = {
    '500ms': 500,
    '0s': 0,
    '15m': 900_000,
    '2h': 7_200_000,
    '90d': 7_776_000_000,
  };
  for (const [text, ms] of Object.entries(durations)) assert.equal(durationMs(text), ms);
  for (const bad of ['', '5', 'd', '-1d', '1.5h', '1 d', '1D', '1234567890d', '1constructor']) {
    assert.throws(() => durationMs(bad), UsageError, bad);
  }
});

test('a moment is a date, or a duration from now on', () => {
  assert.equal(momentMs('2030-01-31T12:00:00Z', 0), Date.UTC(2030, 0, 31, 12));
  assert.equal(momentMs('2030-01-31', 0), Date.UTC(2030, 0, 31));
  assert.equal(momentMs('1d', 1000), 86_401_000);
  for (const bad of ['', 'soon', '2030', '2030-13-01', '1736000000']) {
    assert.throws(() => momentMs(bad, 0), UsageError, bad);
  }
});

test('a time is told in UTC, and none as null', () => {
  assert.equal(timeText(0), '1970-01-01T00:00:00.000Z');
  assert.equal(timeText(undefined), null);
  assert.equal(timeText(Number.MAX_SAFE_INTEGER), '+275760-09-13T00:00:00.000Z');
});
