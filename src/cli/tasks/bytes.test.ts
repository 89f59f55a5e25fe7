import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../parse.ts';
import { bytesOf, bytesText } from './bytes.ts';

const GIB = 1024 ** 3;

test('a size is a number and its unit', () => {
  const sizes = ['0', '4096', '512k', '512KiB', '512 kb', '1.5GiB', '2T'].map(bytesOf);
  assert.deepEqual(sizes, [0, 4096, 524_288, 524_288, 524_288, 1.5 * GIB, 2048 * GIB]);
  for (const bad of ['', 'much', '-1', '1e3', 'GiB', '1.5.2k', `${'9'.repeat(15)}T`]) {
    assert.throws(() => bytesOf(bad), UsageError, bad);
  }
});

test('a size is shown in the largest unit that it has one of', () => {
  const texts = [0, 1023, 1024, 1.5 * GIB, 5000 * GIB].map(bytesText);
  assert.deepEqual(texts, ['0 bytes', '1023 bytes', '1 KiB', '1.5 GiB', '4.9 TiB']);
});
