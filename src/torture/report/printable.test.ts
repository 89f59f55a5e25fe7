import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cut, oneLine, printable, valueText } from './printable.ts';

describe('printable text', () => {
  test('has nothing that steers a terminal, turns the writing or is no character', () => {
    const odd = '\x1b[2J\r\u202e\u200b\ud800\uffff';
    assert.equal(printable(odd), '\\x1b[2J\\x0d\\u202e\\u200b\\ud800\\uffff');
    assert.equal(printable('a\tb\n😀'), 'a\tb\n😀');
    assert.equal(oneLine('a\tb\nc'), 'a\\tb\\nc');
  });

  test('of whatever value is within its length and well formed', () => {
    const anything = fc.anything({ withBigInt: true, withMap: true, withSet: true });
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 50 }), (value, length) => {
        const text = valueText(value, length);
        assert.ok(text.length <= length);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 9 }), (text, length) =>
        assert.ok(cut(text, length).isWellFormed()),
      ),
    );
  });

  test('of a value that holds itself has an end', () => {
    const self: { again?: unknown } = {};
    self.again = new Map([[1n, [self, self]]]);
    assert.equal(valueText(self, 100), '{"again":[["1n",["(itself)","(itself)"]]]}');
    const twice = { a: 1 };
    assert.equal(valueText([twice, twice], 100), '[{"a":1},{"a":1}]');
    assert.equal(valueText(undefined, 10), 'undefined');
  });
});
