import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockText, spanText } from './clock-text.ts';

test('a clock shows what there is of it', () => {
  assert.deepEqual([-5, 0, 7999, 60_000, 3_599_000, 3_600_000, 86_400_000 * 4.25].map(clockText), [
    ...['0:00', '0:00', '0:07', '1:00', '59:59', '1:00:00', '4d 6h'],
  ]);
});

test('spans are exact where they are short', () => {
  assert.deepEqual([0, 430, 9949, 12_400, 60_000, 3_723_000].map(spanText), [
    ...['0.0 s', '0.4 s', '9.9 s', '12 s', '1:00', '1:02:03'],
  ]);
});
