import { createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { hkdf } from '../crypto/derive.ts';
import { transcript } from '../crypto/transcript.ts';
import { wipe } from '../hygiene/wipe.ts';
import { type AeadAlgorithm, KEY_BYTES } from '../keys/algorithm.ts';
import { type KeyId, keyIdBytes } from '../keys/key-id.ts';

export const SALT_BYTES = 16;
export const COMMITMENT_BYTES = 32;

/**
 * What one process encrypts with: derived from the key and a random salt (HKDF-SHA256), so that no
 * two processes share the room of random nonces, and with a commitment beside it, so that a
 * ciphertext opens under one key only.
 */
export interface SessionKey {
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  readonly key: KeyObject;
}

export function deriveSession(
  material: KeyObject | Uint8Array,
  { id, algorithm, salt }: { id: KeyId; algorithm: AeadAlgorithm; salt: Uint8Array },
): SessionKey {
  const info = transcript('holdfast ciphertext', 1, algorithm, keyIdBytes(id));
  const lengthBytes = KEY_BYTES + COMMITMENT_BYTES;
  const derived = hkdf('sha256', { key: material, salt, info, lengthBytes });
  try {
    const key = createSecretKey(derived.subarray(0, KEY_BYTES));
    return { salt, commitment: Uint8Array.from(derived.subarray(KEY_BYTES)), key };
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
