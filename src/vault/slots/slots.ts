import { randomBytes, timingSafeEqual } from 'node:crypto';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import { type Argon2Params, checkArgon2 } from '../crypto/argon2.ts';
import { wipe } from '../hygiene/wipe.ts';
import { KEY_BYTES } from '../keys/algorithm.ts';
import { ROOT_BYTES, rootCommitment } from '../seal/vault-keys.ts';
import { isCommandSecret } from './command.ts';
import { isKeyFile } from './key-file.ts';
import { checkNewPassword, isPassword, PASSWORD_ARGON2, passwordKey } from './password.ts';
import { receivingKey, sendingKey } from './recipient.ts';
import { isRecoverySecret } from './recovery.ts';
import {
  openSlot,
  parseSlot,
  SALT_BYTES,
  type Slot,
  type SlotKind,
  type SlotParams,
  sealSlot,
} from './slot.ts';
import { slotKey } from './slot-key.ts';

/**
 * What opens a slot: a password; what `readKeyFile`, `recoverySecret` or `runUnlockCommand`
 * answered; the private key of a recipient. The caller's to wipe.
 */
export interface Credential {
  readonly kind: SlotKind;
  readonly secret: Uint8Array;
}

/** A new way to the root key: the secret that shall open it, or the recipient who shall. */
export type NewSlot =
  | {
      readonly kind: 'password';
      readonly secret: Uint8Array;
      /** Default 64 MiB, 3 passes, 4 lanes. */
      readonly argon2?: Argon2Params | undefined;
    }
  | { readonly kind: 'key-file' | 'recovery' | 'command'; readonly secret: Uint8Array }
  | { readonly kind: 'recipient'; readonly publicKey: Uint8Array };

export interface WrapOptions {
  readonly vaultId: Uint8Array;
  /** Ends the wait for a turn to run Argon2, not a run that has begun. */
  readonly signal?: AbortSignal | undefined;
}

export interface UnwrapOptions extends WrapOptions {
  /** `rootCommitment` of the root key that is wanted. */
  readonly commitment: Uint8Array;
}

export interface Unwrapped {
  /** The caller's to wipe. */
  readonly root: Buffer;
  /** `id` of the slot that has opened. */
  readonly slotId: string;
}

/** A vault that would have us run Argon2 more often than that is not one of ours. */
export const PASSWORD_SLOTS_MAX = 16;

/**
 * The stored form of a new slot with the root key in it.
 * @throws RangeError for a secret that is too weak, or none of its kind; KDF_LIMITS; the signal's
 * reason
 */
export async function wrapRoot(
  root: Uint8Array,
  slot: NewSlot,
  { vaultId, signal }: WrapOptions,
): Promise<Buffer> {
  if (root.length !== ROOT_BYTES)
    throw wrongArgument('range', `a root key has ${ROOT_BYTES} bytes`);
  const { params, key } = await newKey(slot, signal);
  try {
    return sealSlot(params, key, root, vaultId);
  } finally {
    wipe(key);
  }
}

async function newKey(
  slot: NewSlot,
  signal: AbortSignal | undefined,
): Promise<{ readonly params: SlotParams; readonly key: Buffer }> {
  if (slot.kind === 'recipient') return sendingKey(slot.publicKey);
  const { kind, secret } = slot;
  const salt = randomBytes(SALT_BYTES);
  if (kind === 'password') {
    checkNewPassword(secret);
    const params = { kind, argon2: slot.argon2 ?? PASSWORD_ARGON2, salt };
    return { params, key: await passwordKey(secret, params, signal) };
  }
  if (!IS_STRONG[kind](secret)) throw wrongArgument('range', `no secret of a ${kind} slot`);
  return { params: { kind, salt }, key: slotKey(kind, secret, salt) };
}

const IS_STRONG = {
  'key-file': isKeyFile,
  recovery: isRecoverySecret,
  command: isCommandSecret,
} as const;

/**
 * The root key, by the first slot that one of the credentials opens: those that cost nothing are
 * tried first. A slot that cannot be read, or that holds another root key, opens to nobody. Which
 * slots there are, and what was wrong, is not told.
 * @throws UNLOCK_FAILED; KDF_LIMITS before anything is run; the signal's reason
 */
export async function unwrapRoot(
  slots: Iterable<Uint8Array>,
  credentials: readonly Credential[],
  options: UnwrapOptions,
): Promise<Unwrapped> {
  const attempts = attemptsOf([...slots].flatMap(readable), credentials);
  checkCosts(attempts);
  for (const { slot, secret } of attempts) {
    options.signal?.throwIfAborted();
    const root = await rootOf(slot, secret, options);
    if (root) return { root, slotId: slot.id };
  }
  options.signal?.throwIfAborted();
  throw new HoldfastError('UNLOCK_FAILED', 'the vault does not open with what was given');
}

interface Attempt {
  readonly slot: Slot;
  readonly secret: Uint8Array;
}

function readable(stored: Uint8Array): readonly Slot[] {
  try {
    return [parseSlot(stored)];
  } catch (error) {
    // Damaged, or of a kind that a later version has: the other slots open all the same.
    if (error instanceof HoldfastError && error.code === 'FORMAT_INVALID') return [];
    throw error;
  }
}

function attemptsOf(
  slots: readonly Slot[],
  credentials: readonly Credential[],
): readonly Attempt[] {
  const attempts = slots.flatMap((slot) =>
    credentials
      .filter(({ kind, secret }) => kind === slot.params.kind && isWorthwhile(kind, secret))
      .map(({ secret }) => ({ slot, secret })),
  );
  return attempts.sort((a, b) => Number(isCostly(a)) - Number(isCostly(b)));
}

function isCostly({ slot }: Attempt): boolean {
  return slot.params.kind === 'password';
}

/** No slot was ever made for what is none of its kind. To refuse it would tell that there is one. */
function isWorthwhile(kind: SlotKind, secret: Uint8Array): boolean {
  if (kind === 'password') return isPassword(secret);
  return kind !== 'recipient' || secret.length === KEY_BYTES;
}

/** @throws KDF_LIMITS */
function checkCosts(attempts: readonly Attempt[]): void {
  let runs = 0;
  for (const { slot } of attempts) {
    if (slot.params.kind !== 'password') continue;
    checkArgon2(slot.params.argon2, slot.params.salt.length);
    runs += 1;
  }
  if (runs <= PASSWORD_SLOTS_MAX) return;
  throw new HoldfastError(
    'KDF_LIMITS',
    `Argon2id was not run: ${runs} attempts are more than ${PASSWORD_SLOTS_MAX}`,
  );
}

async function rootOf(
  slot: Slot,
  secret: Uint8Array,
  { vaultId, commitment, signal }: UnwrapOptions,
): Promise<Buffer | undefined> {
  const key = await keyOf(slot.params, secret, signal);
  if (key === undefined) return undefined;
  try {
    const root = openSlot(slot, key, vaultId);
    if (root === undefined || isCommitted(root, vaultId, commitment)) return root;
    wipe(root);
    return undefined;
  } finally {
    wipe(key);
  }
}

/** Undefined when the slot is another recipient's. */
async function keyOf(
  params: SlotParams,
  secret: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Buffer | undefined> {
  if (params.kind === 'password') return await passwordKey(secret, params, signal);
  if (params.kind === 'recipient') return receivingKey(secret, params);
  return slotKey(params.kind, secret, params.salt);
}

function isCommitted(root: Uint8Array, vaultId: Uint8Array, commitment: Uint8Array): boolean {
  const own = rootCommitment(root, vaultId);
  return commitment.length === own.length && timingSafeEqual(own, commitment);
}
