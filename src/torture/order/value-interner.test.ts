import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ValueInterner } from './value-interner.ts';

describe('interned values', () => {
  const areEqual = (a: unknown, b: unknown) => {
    const interner = new ValueInterner();
    return interner.of(a) === interner.of(b);
  };

  test('are numbered in the order in which they are first seen', () => {
    const interner = new ValueInterner();
    const numbers = [5, 'five', 5, [5], 'five', { five: 5 }].map((one) => interner.of(one));
    assert.deepEqual(numbers, [0, 1, 0, 2, 1, 3]);
    assert.equal(interner.size, 4);
  });

  test('are equal to their copies', () => {
    const value = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true });
    fc.assert(fc.property(value, (one) => areEqual(one, structuredClone(one))));
  });

  test('are equal whatever the order of fields, and without those that are undefined', () => {
    assert.ok(areEqual({ a: 1, b: [2] }, { b: [2], a: 1, c: undefined }));
    assert.ok(!areEqual({ a: 1 }, { a: '1' }));
  });

  test('differ where JSON sees no difference', () => {
    const map = (value: number) => new Map([['k', value]]);
    assert.ok(!areEqual(map(1), map(2)));
    assert.ok(!areEqual(new Set([1]), new Set()));
    assert.ok(!areEqual([undefined], [null]));
    assert.ok(!areEqual(Number.NaN, null));
    assert.ok(!areEqual(1n, 1));
    assert.ok(!areEqual({ '#0': 1 }, () => 1));
  });

  test('are equal to nothing but themselves when they are no data', () => {
    class Secret {
      readonly #value: number;
      constructor(value: number) {
        this.#value = value;
      }
      get value(): number {
        return this.#value;
      }
    }
    const one = new Secret(1);
    assert.ok(areEqual([one], [one]));
    assert.ok(!areEqual(one, new Secret(2)));
    const ring: unknown[] = [];
    ring.push(ring);
    assert.ok(areEqual(ring, ring));
  });
});
