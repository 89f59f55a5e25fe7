import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amountText, bytesText, percentText, rateText } from './amount-text.ts';

test('amounts are exact where they are short, and of three digits else', () => {
  const amounts = [0, 7, 0.25, 9999, 10_000, 12_345, 999_999, 1_000_000, 1.5e9, 2 ** 53];
  assert.deepEqual(amounts.map(amountText), [
    ...['0', '7', '0.25', '9,999', '10k', '12.3k', '1,000k', '1M', '1.5G', '9,010T'],
  ]);
});

test('rates are by the second, the minute or the hour, as there is one of them', () => {
  assert.deepEqual([0, 1, 80.44, 12_000, 0.5, 1 / 60, 0.01].map(rateText), [
    ...['0/s', '1/s', '80.4/s', '12k/s', '30/min', '1/min', '36/h'],
  ]);
});

test('bytes are by powers of 1,024', () => {
  assert.deepEqual([0, 1023, 1024, 640 * 2 ** 20, 2 ** 60].map(bytesText), [
    ...['0 B', '1,020 B', '1 KiB', '640 MiB', '1,020 PiB'],
  ]);
});

test('100% is only what is complete', () => {
  assert.deepEqual([0, 1 / 3, 0.9999, 1].map(percentText), ['0.0%', '33.3%', '99.9%', '100%']);
});
