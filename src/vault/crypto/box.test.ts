import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { openAead } from './aead.ts';
import { BOX_BYTES, Box } from './box.ts';

const bytes = Buffer.alloc(32, 7);
const key = createSecretKey(bytes);
const aad = Buffer.from('bound');

describe('a box', () => {
  test('is XChaCha20-Poly1305 behind its nonce', () => {
    const plaintext = randomBytes(100);
    const sealed = new Box(key).seal(plaintext, aad);
    assert.equal(sealed.length, plaintext.length + BOX_BYTES);
    const opened = openAead('XChaCha20Poly1305', bytes, {
      ...{ nonce: sealed.subarray(0, 24), aad, sealed: sealed.subarray(24) },
    });
    assert.deepEqual(opened, plaintext);
  });

  test('opens in every process that has the key', () => {
    const [one, other] = [new Box(key), new Box(key)];
    for (const text of ['', 'a', 'more']) {
      const plaintext = Buffer.from(text);
      assert.deepEqual(other.open(one.seal(plaintext, aad), aad), plaintext);
    }
  });

  test('never uses a nonce twice', () => {
    const boxes = [new Box(key), new Box(key), new Box(key)];
    const nonces = Array.from({ length: 300 }, (_, index) => {
      const sealed = boxes[index % 3]?.seal(Buffer.from('the same'), aad);
      return sealed?.toString('hex', 0, 24);
    });
    assert.equal(new Set(nonces).size, 300);
  });

  test('opens those of many processes', () => {
    const reader = new Box(key);
    const sealed = Array.from({ length: 200 }, () => new Box(key).seal(bytes, aad));
    for (const one of [...sealed, ...sealed]) assert.deepEqual(reader.open(one, aad), bytes);
  });

  test('with any bit turned, cut, or bound to something else is refused', () => {
    const box = new Box(key);
    const sealed = box.seal(Buffer.from('text'), aad);
    const refused = { code: 'DECRYPT_FAILED' };
    for (let bit = 0; bit < 8 * sealed.length; bit += 1) {
      const turned = Buffer.from(sealed);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => box.open(turned, aad), refused);
    }
    for (let length = 0; length < sealed.length; length += 1) {
      assert.throws(() => box.open(sealed.subarray(0, length), aad), refused);
    }
    assert.throws(() => box.open(sealed, Buffer.from('another')), refused);
  });
});
