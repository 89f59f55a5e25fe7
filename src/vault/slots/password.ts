import { wrongArgument } from '../../errors.ts';
import { type Argon2Params, argon2id } from '../crypto/argon2.ts';
import { wipe } from '../hygiene/wipe.ts';
import type { PasswordSlot } from './slot.ts';
import { slotKey } from './slot-key.ts';

/** The second recommendation of RFC 9106, section 4, for where 2 GiB are too much. */
export const PASSWORD_ARGON2: Argon2Params = { memoryKib: 65_536, passes: 3, parallelism: 4 };

/** Nobody has a longer one, and each attempt reads it twice. */
export const PASSWORD_BYTES_MAX = 1024 * 1024;

/** Whether a password could be that of a slot. */
export function isPassword(password: Uint8Array): boolean {
  return password.length > 0 && password.length <= PASSWORD_BYTES_MAX;
}

/** @throws RangeError for an empty password, and beyond 1 MiB */
export function checkNewPassword(password: Uint8Array): void {
  if (password.length === 0) throw wrongArgument('range', 'a password cannot be empty');
  if (!isPassword(password)) {
    throw wrongArgument('range', `a password has ${PASSWORD_BYTES_MAX} bytes at most`);
  }
}

/**
 * The bytes are taken as they are, with no Unicode normalisation. The key is the caller's to wipe.
 * @throws KDF_LIMITS before anything is run
 */
export async function passwordKey(
  password: Uint8Array,
  { argon2, salt }: PasswordSlot,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const stretched = await argon2id(password, salt, argon2, signal);
  try {
    return slotKey('password', stretched, salt);
  } finally {
    wipe(stretched);
  }
}
