import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutNewline } from './newline.ts';

test('one newline at the end is dropped, and nothing else', () => {
  const cases: readonly [string, string][] = [
    ['', ''],
    ['\n', ''],
    ['\r\n', ''],
    ['a', 'a'],
    ['a\n', 'a'],
    ['a\r\n', 'a'],
    ['a\n\n', 'a\n'],
    ['a\r\r\n', 'a\r'],
    ['a\r', 'a\r'],
    ['\na ', '\na '],
  ];
  for (const [given, expected] of cases) {
    assert.equal(Buffer.from(withoutNewline(Buffer.from(given))).toString(), expected);
  }
});
