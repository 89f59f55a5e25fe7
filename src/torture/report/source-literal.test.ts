import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import { literal } from './source-literal.ts';

const elsewhere = createContext();

/** What the source makes, as an object of this realm. */
function made(value: unknown): unknown {
  return structuredClone(runInContext(`(${literal(value)})`, elsewhere));
}

describe('a literal', () => {
  test('makes the same value again', () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withSparseArray: false,
      withUnicodeString: true,
    });
    fc.assert(
      fc.property(value, (one) => {
        assert.deepEqual(made(one), structuredClone(one));
      }),
      { numRuns: 500 },
    );
  });

  test('makes bytes again, and not-a-number, and the other zero', () => {
    assert.deepEqual(made(Buffer.from([0, 255])), Uint8Array.of(0, 255));
    assert.ok(Object.is(made(Number.NaN), Number.NaN));
    assert.ok(Object.is(made(-0), -0));
  });

  test('sets no prototype', () => {
    const value = JSON.parse('{"__proto__": {"isAdmin": true}}');
    const again = made(value);
    assert.deepEqual(Object.entries(again ?? {}), [['__proto__', { isAdmin: true }]]);
  });

  test('leaves out what cannot be written, and what holds itself', () => {
    const ring: unknown[] = [1];
    ring.push(ring);
    assert.deepEqual(made(ring), [1, undefined]);
    assert.deepEqual(made({ f: () => 1, s: Symbol('s') }), { f: undefined, s: undefined });
  });
});
