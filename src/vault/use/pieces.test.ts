import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Pieces } from './pieces.ts';

test('pieces have one length and are all that came, in its order', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 40 }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), parts, (sizeBytes, came) => {
      const pieces = new Pieces(sizeBytes);
      const found: Buffer[] = [];
      for (const part of came) {
        for (const piece of pieces.push(part)) found.push(Buffer.from(piece));
      }
      assert.ok(found.every(({ length }) => length === sizeBytes));
      assert.ok(pieces.rest().length < sizeBytes);
      assert.deepEqual(Buffer.concat([...found, pieces.rest()]), Buffer.concat(came));
    }),
  );
});

test('what is over is wiped', () => {
  const pieces = new Pieces(8);
  for (const _ of pieces.push(Buffer.from('over'))) assert.fail('that is no piece');
  const rest = pieces.rest();
  pieces.wipe();
  assert.deepEqual(rest, Buffer.alloc(4));
});
