import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { jsonField } from './json-field.ts';

const field = (text: string | Uint8Array, name: string) =>
  jsonField(typeof text === 'string' ? Buffer.from(text) : text, name)?.toString();

describe('a field of a JSON object', () => {
  test('is what JSON.parse finds there: text as it is, anything else as JSON', () => {
    const text = fc.string({ unit: fc.oneof(fc.constantFrom(...'"\\/\b\n\u2028'), fc.string()) });
    const value = fc.oneof(text, fc.jsonValue({ maxDepth: 3 }));
    const object = fc.dictionary(fc.string({ maxLength: 20 }), value, { minKeys: 1, maxKeys: 5 });
    fc.assert(
      fc.property(object, (given) => {
        for (const [name, expected] of Object.entries(given)) {
          const found = field(JSON.stringify(given), name);
          assert.equal(found, typeof expected === 'string' ? expected : JSON.stringify(expected));
        }
      }),
    );
  });

  test('is found whatever its characters are written as', () => {
    const object = '{"\\u0061b" : "\\u00e9\\ud83d\\uDE00\\t\\/\\u0000"}';
    assert.equal(field(object, 'ab'), 'é😀\t/\0');
  });

  test('stays as it stands there when it is no text', () => {
    assert.equal(field('{"a": { "b" : 1.50 } }', 'a'), '{ "b" : 1.50 }');
  });

  test('is none where there is no such field, and in what is no JSON object', () => {
    const others = ['{"a":1}', '["b"]', '"b"', 'null', '', '{"b":1', '{"b":1}x', '{"b":"\\ud800"}'];
    for (const text of [...others, '{"b":1,"b":2}'])
      assert.equal(field(text, 'b'), undefined, text);
    assert.equal(field(Buffer.from('{"b":"\xff"}', 'latin1'), 'b'), undefined);
  });
});
