import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { wipe, wipeable, wipeableCopy } from './wipe.ts';

describe('memory for a secret', () => {
  test('is shared with no other buffer, however small it is', () => {
    for (const sizeBytes of [0, 1, 32, 64, 65, 5000]) {
      const own = wipeable(sizeBytes);
      assert.equal(own.length, sizeBytes);
      assert.equal(own.buffer.byteLength, sizeBytes);
      assert.ok(own.every((byte) => byte === 0));
    }
  });

  test('holds a copy that outlives its source', () => {
    const source = randomBytes(40).subarray(3, 35);
    const expected = source.toString('hex');
    const copy = wipeableCopy(source);
    wipe(source);
    assert.equal(copy.toString('hex'), expected);
    assert.equal(copy.buffer.byteLength, 32);
  });

  test('is zero after a wipe, also where only a part was given', () => {
    const whole = Buffer.from([1, 2, 3, 4]);
    wipe(undefined, whole.subarray(1, 3));
    assert.deepEqual([...whole], [1, 0, 0, 4]);
  });
});
