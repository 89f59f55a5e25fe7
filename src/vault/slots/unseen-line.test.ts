import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type LineState, UnseenLine } from './unseen-line.ts';

/** The line after some keys, and what the last of them did. */
function typed(keys: string | Uint8Array): readonly [string, LineState] {
  const line = new UnseenLine();
  let state: LineState = 'open';
  for (const byte of Buffer.from(keys)) state = line.type(byte);
  return [line.take().toString('latin1'), state];
}

describe('a line that is typed unseen', () => {
  const cases: readonly [string, string, string, LineState][] = [
    ['ends with Enter', 'ab\r', 'ab', 'entered'],
    ['ends with a line feed', 'ab\n', 'ab', 'entered'],
    ['may be empty', '\r', '', 'entered'],
    ['loses its last character', 'abc\x7f\r', 'ab', 'entered'],
    ['loses its last characters', 'abc\x08\x08\r', 'a', 'entered'],
    ['has nothing to lose when it is empty', '\x7f\x7fa\x7f\x7fb\r', 'b', 'entered'],
    ['is erased as a whole', 'abc\x15d\r', 'd', 'entered'],
    ['is broken off', 'abc\x03', 'abc', 'interrupt'],
    ['comes to an end', '\x04', '', 'end'],
    ['does not come to an end in its midst', 'a\x04b\r', 'ab', 'entered'],
    ['has no keys that stop the program', 'a\x1ab\x1cc\r', 'abc', 'entered'],
    ['keeps every other key', 'a\0\t\x1b[A b\r', 'a\0\t\x1b[A b', 'entered'],
  ];
  for (const [what, keys, text, state] of cases) {
    test(what, () => assert.deepEqual(typed(keys), [text, state]));
  }

  test('loses whole characters, and bytes that are none one by one', () => {
    const erased = (text: string) => typed(Buffer.from(`${text}\x7f\r`))[0];
    for (const char of ['é', '€', '😀']) assert.equal(erased(`a${char}`), 'a');
    assert.equal(typed(Buffer.from([97, 0xff, 0x7f]))[0], 'a');
    assert.equal(typed(Buffer.from([0x80, 0x80, 0x7f]))[0], '');
  });

  test('may have 1 MiB', () => {
    const line = new UnseenLine();
    for (let count = 0; count < 1024 * 1024; count += 1) line.type(97);
    assert.throws(() => line.type(97), { code: 'FORMAT_INVALID' });
    assert.equal(line.type(13), 'entered');
    assert.equal(line.take().length, 1024 * 1024);
  });
});
