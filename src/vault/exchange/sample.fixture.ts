import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { keyIdOf, VERSION_MAX } from '../keys/key-id.ts';
import type { RustKeyMetadata } from './rust-metadata.ts';

/** Where the files are that rust-keyvault wrote; `expected.json` has their keys and passwords. */
export const fixtures = join(import.meta.dirname, '../../../test/fixtures/keyvault');

export function fixture(name: string): Buffer {
  return readFileSync(join(fixtures, name));
}

export const sampleMetadata: RustKeyMetadata = {
  id: keyIdOf(new Uint8Array(16).fill(1)),
  baseId: keyIdOf(new Uint8Array(16).fill(1)),
  state: 'Active',
  createdAt: { ms: 1_700_000_000_123, ns: 456_789 },
  expiresAt: { ms: 4_102_444_800_000, ns: 0 },
  algorithm: 'XChaCha20Poly1305',
  version: 1,
};

const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(keyIdOf);

const plain = { noNullPrototype: true } as const;

const rustTime = fc.record({ ms: fc.nat({ max: 8.64e15 }), ns: fc.nat({ max: 999_999 }) }, plain);

export const rustKeyMetadata: fc.Arbitrary<RustKeyMetadata> = fc.record(
  {
    id,
    baseId: id,
    state: fc.constantFrom('Pending', 'Active', 'Rotating', 'Deprecated', 'Revoked'),
    createdAt: rustTime,
    expiresAt: fc.option(rustTime, { nil: undefined }),
    algorithm: fc.constantFrom(
      'ChaCha20Poly1305',
      'XChaCha20Poly1305',
      'Aes256Gcm',
      'Ed25519',
      'X25519',
    ),
    version: fc.nat({ max: VERSION_MAX }),
  },
  plain,
);
