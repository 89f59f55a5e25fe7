import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type JsonValue, jsonText } from './json-text.ts';

test('text is what JSON.stringify makes of it, compact and pretty', () => {
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'grapheme' }),
      fc.nat(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 5, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(value, (given) => {
      assert.equal(jsonText(given, false).toString(), JSON.stringify(given));
      assert.equal(jsonText(given, true).toString(), JSON.stringify(given, null, 2));
    }),
  );
});

test('bytes are an array of numbers', () => {
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.equal(jsonText(all, false).toString(), JSON.stringify([...all]));
  assert.equal(
    jsonText({ a: all, b: new Uint8Array() }, true).toString(),
    JSON.stringify({ a: [...all], b: [] }, null, 2),
  );
});

test('control characters are escaped as serde_json does, all else is left alone', () => {
  assert.equal(
    jsonText('\0\u001f\b\t\n\f\r"\\/\u007f\u2028é😀', false).toString(),
    '"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/\u007f\u2028é😀"',
  );
});

test('large text is whole', () => {
  const given = { a: Buffer.alloc(300_000, 200), b: 'ü'.repeat(100_000) };
  assert.equal(
    jsonText(given, true).toString(),
    JSON.stringify({ a: [...given.a], b: given.b }, null, 2),
  );
});
