import { createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { hkdf } from '../crypto/derive.ts';
import { transcript } from '../crypto/transcript.ts';
import { wipe } from '../hygiene/wipe.ts';
import { type AeadAlgorithm, KEY_BYTES } from '../keys/algorithm.ts';
import { type KeyId, keyIdBytes } from '../keys/key-id.ts';

export const SALT_BYTES = 16;
export const COMMITMENT_BYTES = 32;

/** What is encrypted with it: ciphertexts, by one process, or one stream. */
export type SessionUse = 'ciphertext' | 'stream';

/**
 * What one process encrypts with, or one stream is encrypted with: derived from the key and a random
 * salt (HKDF-SHA256), so that no two share the room of nonces, and with a commitment beside it, so
 * that what it made opens under one key only.
 */
export interface SessionKey {
  readonly use: SessionUse;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  readonly key: KeyObject;
}

interface SessionInput {
  /** Default `ciphertext`. */
  readonly use?: SessionUse | undefined;
  readonly id: KeyId;
  readonly algorithm: AeadAlgorithm;
  readonly salt: Uint8Array;
}

export function deriveSession(
  material: KeyObject | Uint8Array,
  { use = 'ciphertext', id, algorithm, salt }: SessionInput,
): SessionKey {
  const info = transcript(`holdfast ${use}`, 1, algorithm, keyIdBytes(id));
  const lengthBytes = KEY_BYTES + COMMITMENT_BYTES;
  const derived = hkdf('sha256', { key: material, salt, info, lengthBytes });
  try {
    const key = createSecretKey(derived.subarray(0, KEY_BYTES));
    return { use, salt, commitment: Uint8Array.from(derived.subarray(KEY_BYTES)), key };
  } finally {
    wipe(derived);
  }
}

export function freshSalt(): Uint8Array {
  return Uint8Array.from(randomBytes(SALT_BYTES));
}

export function isCommitted(session: SessionKey, commitment: Uint8Array): boolean {
  return commitment.length === COMMITMENT_BYTES && timingSafeEqual(session.commitment, commitment);
}
