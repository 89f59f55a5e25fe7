import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elapsedBrief, elapsedWords } from './elapsed.ts';

const TIMES: readonly (readonly [ms: number, words: string, brief: string])[] = [
  [0, '0 seconds', '0s'],
  [999, '0 seconds', '0s'],
  [1000, '1 second', '1s'],
  [59_999, '59 seconds', '59s'],
  [60_000, '1 minute', '1m00s'],
  [65_000, '1 minute 5 seconds', '1m05s'],
  [3_600_000, '1 hour', '1h00m'],
  [7_500_000, '2 hours 5 minutes', '2h05m'],
  [86_400_000, '1 day', '1d00h'],
  [100 * 86_400_000 + 3_600_000, '100 days 1 hour', '100d01h'],
  [-5000, '0 seconds', '0s'],
];

test('a time is told in its two largest units', () => {
  for (const [ms, words, brief] of TIMES) {
    assert.deepEqual([elapsedWords(ms), elapsedBrief(ms)], [words, brief]);
  }
});
