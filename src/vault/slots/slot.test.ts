import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { openSlot, parseSlot, SLOT_KINDS, type SlotParams, sealSlot } from './slot.ts';

const VAULT_ID = Buffer.alloc(16, 7);
const root = randomBytes(32);
const key = randomBytes(32);
const salt = randomBytes(32);

const every: readonly SlotParams[] = [
  { kind: 'password', argon2: { memoryKib: 65536, passes: 3, parallelism: 4 }, salt },
  { kind: 'key-file', salt },
  { kind: 'recovery', salt },
  { kind: 'recipient', publicKey: randomBytes(32), ephemeralKey: randomBytes(32) },
  { kind: 'command', salt },
];

test('every kind of slot is among those tested', () => {
  assert.deepEqual(
    every.map(({ kind }) => kind),
    SLOT_KINDS,
  );
});

for (const params of every) {
  describe(`a stored ${params.kind} slot`, () => {
    const stored = sealSlot(params, key, root, VAULT_ID);

    test('reads as what was stored', () => {
      const slot = parseSlot(stored);
      assert.deepEqual(slot.params, params);
      assert.match(slot.id, /^[0-9a-f]{32}$/);
      assert.deepEqual(openSlot(slot, key, VAULT_ID), root);
    });

    test('has an id and a nonce of its own', () => {
      const [a, b] = [stored, sealSlot(params, key, root, VAULT_ID)].map(parseSlot);
      assert.notEqual(a?.id, b?.id);
      assert.notDeepEqual(a?.nonce, b?.nonce);
    });

    test('opens to nothing with another key or in another vault', () => {
      const slot = parseSlot(stored);
      assert.equal(openSlot(slot, randomBytes(32), VAULT_ID), undefined);
      assert.equal(openSlot(slot, key, Buffer.alloc(16, 8)), undefined);
      assert.equal(openSlot(slot, key, VAULT_ID.subarray(1)), undefined);
    });

    test('opens to nothing, or reads as no slot, whichever bit is flipped', () => {
      for (let bit = 0; bit < 8 * stored.length; bit += 1) {
        const flipped = Buffer.from(stored);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        assert.equal(openOrUndefined(flipped), undefined, `bit ${bit}`);
      }
    });

    test('reads as no slot at any other length', () => {
      for (let size = 0; size < stored.length; size += 1) {
        assert.throws(() => parseSlot(stored.subarray(0, size)), { code: 'FORMAT_INVALID' });
      }
      for (const more of [1, 44, 1_000_000]) {
        const longer = Buffer.concat([stored, Buffer.alloc(more)]);
        assert.throws(() => parseSlot(longer), { code: 'FORMAT_INVALID' });
      }
    });

    test('does not change with the memory that it was read from', () => {
      const bytes = Buffer.from(stored);
      const slot = parseSlot(bytes);
      bytes.fill(0);
      assert.deepEqual(openSlot(slot, key, VAULT_ID), root);
    });
  });
}

function openOrUndefined(stored: Uint8Array): Buffer | undefined {
  try {
    return openSlot(parseSlot(stored), key, VAULT_ID);
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'FORMAT_INVALID');
    return undefined;
  }
}

test('bytes of any kind are a slot or FORMAT_INVALID', () => {
  const kind = fc.integer({ min: 0, max: 255 });
  const head = kind.map((byte) => Buffer.from([...Buffer.from('HFsl\x01'), byte]));
  const size = fc.constantFrom(100, 126, 138, 158, 170, 200);
  const sized = size.chain((max) => fc.uint8Array({ minLength: max - 6, maxLength: max - 6 }));
  const bytes = fc
    .tuple(fc.option(head), fc.oneof(sized, fc.uint8Array()))
    .map(([first, rest]) => Buffer.concat([first ?? Buffer.alloc(0), rest]));
  fc.assert(
    fc.property(bytes, (stored) => {
      assert.equal(openOrUndefined(stored), undefined);
    }),
    { numRuns: 1000 },
  );
});
