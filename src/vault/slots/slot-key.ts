import { hkdf } from '../crypto/derive.ts';
import { transcript } from '../crypto/transcript.ts';
import type { SlotKind } from './slot.ts';

/**
 * The key that seals the root key in a slot (HKDF-SHA256), another one for each kind of slot. The
 * secret has the strength of a key; a password goes through Argon2id first. The caller's to wipe.
 */
export function slotKey(kind: SlotKind, secret: Uint8Array, salt: Uint8Array): Buffer {
  return hkdf('sha256', {
    key: secret,
    salt,
    info: transcript('holdfast vault slot key', 1, kind),
  });
}
