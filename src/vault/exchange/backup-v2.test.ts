import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../../errors.ts';
import { formatCopy, parseCopy, type VaultCopy, wipeCopy } from './backup-v2.ts';
import { carriedKey, carriedSecret } from './carried.fixture.ts';
import { cut, flipped } from './changed.fixture.ts';

const copies: fc.Arbitrary<VaultCopy> = fc.record(
  {
    at: fc.maxSafeNat(),
    revision: fc.maxSafeNat(),
    keys: fc.array(carriedKey, { maxLength: 4 }),
    secrets: fc.uniqueArray(carriedSecret, { maxLength: 4, selector: ({ name }) => name }),
    audit: fc.constant([
      { sequence: 1, at: 2, event: { kind: 'VaultCreated', slot: 'x' } as const },
    ]),
  },
  { noNullPrototype: true },
);

/** What is read, written again; undefined where it is refused. */
function again(contents: Uint8Array): Buffer | undefined {
  try {
    return formatCopy(parseCopy(contents));
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'FORMAT_INVALID') return undefined;
    throw error;
  }
}

test('the copy of a vault is read as it was written', () => {
  fc.assert(
    fc.property(copies, (copy) => {
      const contents = formatCopy(copy);
      const found = parseCopy(contents);
      assert.deepEqual(formatCopy(found), contents);
      assert.deepEqual(
        found.keys.map(({ info }) => info),
        copy.keys.map(({ info }) => info),
      );
      assert.deepEqual(found.audit, copy.audit);
      assert.deepEqual(
        found.secrets.map(({ tags, name }) => [name, tags]),
        copy.secrets.map(({ tags, name }) => [name, tags]),
      );
    }),
  );
});

test('with a bit changed it is refused, or says what is written there', () => {
  const few = { numRuns: 20 };
  const one = copies.filter(({ keys, secrets }) => keys.length + secrets.length > 1);
  fc.assert(
    fc.property(one, (copy) => {
      const contents = formatCopy({ ...copy, audit: [] });
      for (const other of flipped(contents, () => false)) {
        const found = again(other);
        if (found) assert.deepEqual(found, other);
      }
    }),
    few,
  );
});

test('cut at any length it is refused', () => {
  fc.assert(
    fc.property(copies, (copy) => {
      for (const other of cut(formatCopy(copy))) assert.equal(again(other), undefined);
    }),
    { numRuns: 20 },
  );
});

test('a million of anything is not believed', () => {
  for (const place of [16, 20, 24]) {
    const contents = formatCopy({ at: 0, revision: 0, keys: [], secrets: [], audit: [] });
    contents.writeUInt32BE(0xffff_ffff, place);
    assert.equal(again(contents), undefined);
  }
});

test('when it is wiped nothing of keys and values is left', () => {
  fc.assert(
    fc.property(copies, (copy) => {
      wipeCopy(copy);
      const secrets = copy.secrets.flatMap(({ versions }) => versions.map(({ value }) => value));
      const bytes = [...copy.keys.map(({ material }) => material), ...secrets];
      assert.ok(bytes.every((some) => some.every((byte) => byte === 0)));
    }),
    { numRuns: 20 },
  );
});

test('a secret that is there twice is refused', () => {
  const [secret] = fc.sample(carriedSecret, 1);
  assert.ok(secret);
  const copy = { at: 0, revision: 0, keys: [], secrets: [secret, secret], audit: [] };
  assert.equal(again(formatCopy(copy)), undefined);
});
