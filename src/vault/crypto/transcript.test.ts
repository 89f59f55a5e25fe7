import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Field, transcript } from './transcript.ts';

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.uint8Array({ maxLength: 6 }),
  fc.maxSafeInteger(),
  fc.constant(undefined),
);

function plain(fields: readonly Field[]): string {
  return JSON.stringify(
    fields.map((one) => (typeof one === 'object' ? ['bytes', ...one] : [typeof one, one ?? null])),
  );
}

describe('a transcript', () => {
  test('is the same for the same fields only', () => {
    const fields = fc.array(field, { maxLength: 4 });
    fc.assert(
      fc.property(fields, fields, (a, b) => {
        assert.equal(transcript(...a).equals(transcript(...b)), plain(a) === plain(b));
      }),
      { numRuns: 2000 },
    );
  });

  test('tells where a field ends', () => {
    assert.notDeepEqual(transcript('a:b', 'c'), transcript('a', 'b:c'));
    assert.notDeepEqual(transcript('', 'a'), transcript('a', ''));
    assert.notDeepEqual(transcript('1'), transcript(1));
    assert.notDeepEqual(transcript('a'), transcript(Buffer.from('a')));
  });

  test('counts in 64 bits, whether by a number or a bigint', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const bytes = transcript(value);
        assert.deepEqual(bytes, transcript(BigInt(value)));
        assert.equal(bytes.readBigInt64BE(5), BigInt(value));
      }),
    );
  });

  test('has its kind, its length and its bytes', () => {
    assert.equal(
      transcript('ab', 1, undefined).toString('hex'),
      `02000000026162${'03'}00000008${'00'.repeat(7)}01${'00'.repeat(5)}`,
    );
  });
});
