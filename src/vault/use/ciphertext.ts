import { HoldfastError } from '../../errors.ts';
import { TAG_BYTES } from '../crypto/aead.ts';
import { type AeadAlgorithm, NONCE_BYTES } from '../keys/algorithm.ts';
import { KEY_ID_BYTES, type KeyId, keyIdBytes, keyIdOf } from '../keys/key-id.ts';
import { COMMITMENT_BYTES, SALT_BYTES, type SessionKey, type SessionUse } from './session-key.ts';

/*
 * A ciphertext and a stream begin alike:
 * offset  0 · 1 · format, 1 or 2     offset  1 · 1 · algorithm
 * offset  2 · 16 · id of the version of the key
 * offset 18 · 16 · salt              offset 34 · 32 · commitment
 * A ciphertext goes on:
 * offset 66 · 12 or 24 · nonce, then ciphertext and tag (16)
 * The first 66 bytes are authenticated with the rest, and what the caller binds after them.
 */
const FORMATS = { ciphertext: 1, stream: 2 } as const;
const SALT_AT = 2 + KEY_ID_BYTES;
const COMMITMENT_AT = SALT_AT + SALT_BYTES;
export const HEADER_BYTES = COMMITMENT_AT + COMMITMENT_BYTES;

const CODES: Readonly<Record<AeadAlgorithm, number>> = {
  ChaCha20Poly1305: 1,
  XChaCha20Poly1305: 2,
  Aes256Gcm: 3,
};

/** What a ciphertext or a stream begins with. */
export interface Header {
  readonly algorithm: AeadAlgorithm;
  readonly keyId: KeyId;
  /** All of it. */
  readonly header: Uint8Array;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
}

export interface Ciphertext extends Header {
  readonly nonce: Uint8Array;
  /** Ciphertext ‖ tag. */
  readonly sealed: Uint8Array;
}

export function headerOf(algorithm: AeadAlgorithm, id: KeyId, session: SessionKey): Buffer {
  return Buffer.concat([
    Uint8Array.of(FORMATS[session.use], CODES[algorithm]),
    ...[keyIdBytes(id), session.salt, session.commitment],
  ]);
}

/** @throws FORMAT_INVALID */
export function parseHeader(use: SessionUse, bytes: Uint8Array): Header {
  const algorithm = algorithmOf(bytes[1]);
  if (bytes[0] !== FORMATS[use] || algorithm === undefined) {
    throw invalid(use, 'it does not begin as one');
  }
  if (bytes.length < HEADER_BYTES) throw invalid(use, 'it is too short');
  return {
    algorithm,
    keyId: keyIdOf(bytes.subarray(2, SALT_AT)),
    header: bytes.subarray(0, HEADER_BYTES),
    salt: bytes.subarray(SALT_AT, COMMITMENT_AT),
    commitment: bytes.subarray(COMMITMENT_AT, HEADER_BYTES),
  };
}

/** @throws FORMAT_INVALID */
export function parseCiphertext(bytes: Uint8Array): Ciphertext {
  const header = parseHeader('ciphertext', bytes);
  const sealedAt = HEADER_BYTES + NONCE_BYTES[header.algorithm];
  if (bytes.length < sealedAt + TAG_BYTES) throw invalid('ciphertext', 'it is too short');
  const nonce = bytes.subarray(HEADER_BYTES, sealedAt);
  return { ...header, nonce, sealed: bytes.subarray(sealedAt) };
}

/** What is authenticated and not encrypted: the header has one length, so nothing runs together. */
export function aadOf(header: Uint8Array, bound: Uint8Array | undefined): Uint8Array {
  return bound === undefined || bound.length === 0 ? header : Buffer.concat([header, bound]);
}

function algorithmOf(code: number | undefined): AeadAlgorithm | undefined {
  const found = Object.entries(CODES).find(([, known]) => known === code);
  return found?.[0] as AeadAlgorithm | undefined;
}

export function invalid(use: SessionUse, why: string): HoldfastError {
  return new HoldfastError('FORMAT_INVALID', `this is no ${use} of a vault: ${why}`);
}
