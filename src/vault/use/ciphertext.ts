import { HoldfastError } from '../../errors.ts';
import { TAG_BYTES } from '../crypto/aead.ts';
import { type AeadAlgorithm, NONCE_BYTES } from '../keys/algorithm.ts';
import { KEY_ID_BYTES, type KeyId, keyIdBytes, keyIdOf } from '../keys/key-id.ts';
import { COMMITMENT_BYTES, SALT_BYTES, type SessionKey } from './session-key.ts';

/*
 * offset  0 · 1 · format, 1          offset  1 · 1 · algorithm
 * offset  2 · 16 · id of the version of the key
 * offset 18 · 16 · salt              offset 34 · 32 · commitment
 * offset 66 · 12 or 24 · nonce, then ciphertext and tag (16)
 * The first 66 bytes are authenticated with the rest, and what the caller binds after them.
 */
const FORMAT = 1;
const SALT_AT = 2 + KEY_ID_BYTES;
const COMMITMENT_AT = SALT_AT + SALT_BYTES;
export const HEADER_BYTES = COMMITMENT_AT + COMMITMENT_BYTES;

const CODES: Readonly<Record<AeadAlgorithm, number>> = {
  ChaCha20Poly1305: 1,
  XChaCha20Poly1305: 2,
  Aes256Gcm: 3,
};

export interface Ciphertext {
  readonly algorithm: AeadAlgorithm;
  readonly keyId: KeyId;
  readonly header: Uint8Array;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  readonly nonce: Uint8Array;
  /** Ciphertext ‖ tag. */
  readonly sealed: Uint8Array;
}

export function headerOf(algorithm: AeadAlgorithm, id: KeyId, session: SessionKey): Buffer {
  return Buffer.concat([
    Uint8Array.of(FORMAT, CODES[algorithm]),
    ...[keyIdBytes(id), session.salt, session.commitment],
  ]);
}

/** @throws FORMAT_INVALID */
export function parseCiphertext(bytes: Uint8Array): Ciphertext {
  const algorithm = algorithmOf(bytes[1]);
  if (bytes[0] !== FORMAT || algorithm === undefined) {
    throw invalid('it does not begin as one');
  }
  const sealedAt = HEADER_BYTES + NONCE_BYTES[algorithm];
  if (bytes.length < sealedAt + TAG_BYTES) throw invalid('it is too short');
  return {
    algorithm,
    keyId: keyIdOf(bytes.subarray(2, SALT_AT)),
    header: bytes.subarray(0, HEADER_BYTES),
    salt: bytes.subarray(SALT_AT, COMMITMENT_AT),
    commitment: bytes.subarray(COMMITMENT_AT, HEADER_BYTES),
    nonce: bytes.subarray(HEADER_BYTES, sealedAt),
    sealed: bytes.subarray(sealedAt),
  };
}

/** What is authenticated and not encrypted: the header has one length, so nothing runs together. */
export function aadOf(header: Uint8Array, bound: Uint8Array | undefined): Uint8Array {
  return bound === undefined || bound.length === 0 ? header : Buffer.concat([header, bound]);
}

function algorithmOf(code: number | undefined): AeadAlgorithm | undefined {
  const found = Object.entries(CODES).find(([, known]) => known === code);
  return found?.[0] as AeadAlgorithm | undefined;
}

function invalid(why: string): HoldfastError {
  return new HoldfastError('FORMAT_INVALID', `this is no ciphertext of a vault: ${why}`);
}
