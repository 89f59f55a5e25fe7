import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { keyIdOf } from '../keys/key-id.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { type CarriedKey, readKey, writeKey } from './carried-key.ts';
import { cut, flipped } from './changed.fixture.ts';
import {
  type Envelope,
  isEnvelope,
  openEnvelope,
  parseEnvelope,
  sealEnvelope,
} from './envelope.ts';

const stretched = Buffer.alloc(32, 7);
const sealing = {
  ...({ kind: 'export', stretched, createdAt: 1_800_000_000_000, comment: 'né' } as const),
  ...{ salt: Buffer.alloc(32, 1), nonce: Buffer.alloc(24, 2) },
  params: { memoryKib: 8, passes: 1, parallelism: 1 },
};

const key: CarriedKey = {
  info: {
    ...{ id: keyIdOf(Buffer.alloc(16, 1)), baseId: keyIdOf(Buffer.alloc(16, 2)), version: 3 },
    ...({ state: 'Deprecated', algorithm: 'Aes256Gcm', label: 'a label' } as const),
    ...{ createdAt: 1_700_000_000_123, encryptUntil: 1, decryptUntil: undefined },
    nanos: { created: 456_789, until: 5 },
  },
  material: Buffer.alloc(32, 9),
};

function contentsOf(one: CarriedKey): Buffer {
  const writer = new ByteWriter();
  writeKey(writer, one);
  return writer.finish();
}

const contents = contentsOf(key);
const file = sealEnvelope(contents, sealing);
const headerBytes = 120 + Buffer.byteLength(sealing.comment);

/** Opens as who knows the password would: other costs or another salt make another key. */
function opened(source: Uint8Array): Buffer {
  const found = parseEnvelope(source, 'export');
  return openEnvelope(found, asksForSame(found) ? stretched : randomBytes(32));
}

function asksForSame({ salt, params }: Envelope): boolean {
  return Buffer.compare(salt, sealing.salt) === 0 && isDeepStrictEqual(params, sealing.params);
}

describe('a file of ours', () => {
  test('is for ever what it is', () => {
    const digest = createHash('sha256').update(file).digest('hex');
    assert.equal(file.length, headerBytes + 106 + 'a label'.length + 16);
    assert.equal(digest, '96f0c37b49fa43fe46346a70d16fdc18117d2831e357fdb094bcf7cb4466f10e');
    assert.ok(isEnvelope(file) && !isEnvelope(file.subarray(0, 7)) && !isEnvelope('holdfast'));
  });

  test('opens to what was put into it', () => {
    const { comment, createdAt } = parseEnvelope(file, 'export');
    assert.deepEqual([comment, createdAt], ['né', 1_800_000_000_000]);
    const found = opened(file);
    assert.deepEqual(found, contents);
    const reader = new ByteReader('a key', found);
    assert.deepEqual(readKey(reader), key);
    reader.end();
  });

  test('with any bit of its header changed, or one of any other byte, is refused', () => {
    const codes = new Map<string, number>();
    for (const other of flipped(file, (offset) => offset < headerBytes)) {
      try {
        opened(other);
        assert.fail('opened');
      } catch (error) {
        const { code = `${error}` } = error as { code?: string };
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    const known = ['FORMAT_INVALID', 'KDF_LIMITS', 'UNLOCK_FAILED', 'TAMPERED'];
    assert.deepEqual([...codes.keys()].toSorted(), known.toSorted());
    assert.equal(
      [...codes.values()].reduce((a, b) => a + b),
      headerBytes * 7 + file.length,
    );
  });

  test('is refused at every length that is not its own', () => {
    for (const other of [...cut(file), Buffer.concat([file, Buffer.alloc(1)])]) {
      assert.throws(() => parseEnvelope(other, 'export'), { code: 'FORMAT_INVALID' });
    }
  });

  test('is refused as another kind', () => {
    assert.throws(() => parseEnvelope(file, 'backup'), {
      code: 'FORMAT_INVALID',
      message: /an export, not a backup/,
    });
  });

  test('does not open with another key: wrong, or with a commitment that was put in', () => {
    const found = parseEnvelope(file, 'export');
    const other = Buffer.alloc(32, 8);
    assert.throws(() => openEnvelope(found, other), { code: 'UNLOCK_FAILED' });
    const theirs = parseEnvelope(
      sealEnvelope(contents, { ...sealing, stretched: other }),
      'export',
    );
    const mixed = { ...found, commitment: theirs.commitment };
    assert.throws(() => openEnvelope(mixed, other), { code: 'TAMPERED' });
    assert.throws(() => openEnvelope(mixed, stretched), { code: 'UNLOCK_FAILED' });
  });

  test('says no length that is believed: what it asks for is refused before it is taken', () => {
    for (const offset of [112, headerBytes - 4]) {
      const other = Buffer.from(file);
      other.writeUInt32BE(0xffff_ffff, offset);
      assert.throws(() => parseEnvelope(other, 'export'), { code: 'FORMAT_INVALID' });
    }
  });

  test('is any bytes otherwise, and then refused', () => {
    const start = file.subarray(0, 10);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, isStarted) => {
        const source = isStarted ? Buffer.concat([start, bytes]) : bytes;
        assert.throws(
          () => parseEnvelope(source, 'export'),
          /FORMAT_INVALID|KDF_LIMITS|byte|Argon2/,
        );
      }),
    );
  });
});
