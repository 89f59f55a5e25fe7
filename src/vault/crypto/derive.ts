import { hkdfSync, type KeyObject } from 'node:crypto';

export interface HkdfInput {
  /** The secret from which keys are derived; never a password, which needs Argon2. */
  readonly key: KeyObject | Uint8Array;
  readonly salt: Uint8Array;
  /** What the derived key is for; at most 1,024 bytes. */
  readonly info: Uint8Array;
  /** 32 unless told; at most 255 times the length of the hash. */
  readonly lengthBytes?: number | undefined;
}

/** HKDF (RFC 5869), extract and expand. The buffer is the caller's to wipe. */
export function hkdf(
  hash: 'sha256' | 'sha512',
  { key, salt, info, lengthBytes = 32 }: HkdfInput,
): Buffer {
  return Buffer.from(hkdfSync(hash, key, salt, info, lengthBytes));
}
