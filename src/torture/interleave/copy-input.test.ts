import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { copyInput } from './copy-input.ts';

describe('copies of inputs', () => {
  test('are equal, and have nothing in common with what they were made of', () => {
    const data = fc.anything({
      ...{ withBigInt: true, withDate: true, withMap: true, withSet: true },
      ...{ withTypedArray: true, withNullPrototype: true, withSparseArray: false },
    });
    fc.assert(
      fc.property(data, (one) => {
        const copy = copyInput(one);
        assert.deepEqual(copy, one);
        assert.deepEqual(sharedBy(one, copy), []);
      }),
    );
  });

  test('are of the same kind: buffers, and objects that contain themselves', () => {
    const circle: { self?: unknown; bytes: Buffer } = { bytes: Buffer.from('x') };
    circle.self = circle;
    const copy = copyInput(circle) as typeof circle;
    assert.equal(copy.self, copy);
    assert.equal(copy.bytes.toString(), 'x');
    copy.bytes[0] = 0;
    assert.equal(circle.bytes.toString(), 'x');
  });

  test('keep what is no data as it is', () => {
    class Account {
      #name = 'x';
      get name() {
        return this.#name;
      }
    }
    const account = new Account();
    const call = () => 1;
    assert.deepEqual(copyInput([account, call]), [account, call]);
    assert.equal((copyInput({ account }) as { account: Account }).account.name, 'x');
  });
});

/** Objects that can be reached from both. */
function sharedBy(one: unknown, other: unknown): readonly unknown[] {
  const objects = objectsIn(one);
  return [...objectsIn(other)].filter((object) => objects.has(object));
}

function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  found.add(value);
  const parts = value instanceof Map || value instanceof Set ? [...value] : Object.values(value);
  for (const part of parts) objectsIn(part, found);
  return found;
}
