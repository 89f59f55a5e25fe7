import { randomBytes } from 'node:crypto';
import { HoldfastError } from '../../errors.ts';
import { openAead, sealAead, TAG_BYTES } from '../crypto/aead.ts';
import type { Argon2Params } from '../crypto/argon2.ts';
import { transcript } from '../crypto/transcript.ts';
import { wipe, wipeableCopy } from '../hygiene/wipe.ts';
import { KEY_BYTES, NONCE_BYTES } from '../keys/algorithm.ts';
import { ROOT_BYTES } from '../seal/vault-keys.ts';

/** The ways to the root key; the number of one is its place here, from 1 on. */
export const SLOT_KINDS = ['password', 'key-file', 'recovery', 'recipient', 'command'] as const;

export type SlotKind = (typeof SLOT_KINDS)[number];

export interface PasswordSlot {
  readonly kind: 'password';
  readonly argon2: Argon2Params;
  readonly salt: Uint8Array;
}

/** The secret has the strength of a key already. */
export interface SaltedSlot {
  readonly kind: 'key-file' | 'recovery' | 'command';
  readonly salt: Uint8Array;
}

export interface RecipientSlot {
  readonly kind: 'recipient';
  /** X25519. */
  readonly publicKey: Uint8Array;
  readonly ephemeralKey: Uint8Array;
}

export type SlotParams = PasswordSlot | SaltedSlot | RecipientSlot;

/** One way to the root key of a vault, as it is stored. */
export interface Slot {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly params: SlotParams;
  /** What the sealed root is authenticated with: all of the slot that comes before the nonce. */
  readonly header: Uint8Array;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

export const SALT_BYTES = 32;

/*
 * offset · size · field
 *      0 ·    4 · 'HFsl'
 *      4 ·    1 · version, 1
 *      5 ·    1 · kind
 *      6 ·   16 · id
 *     22 ·    P · parameters: of a password memory in KiB, passes, parallelism (4 bytes each,
 *                 big-endian) and salt (32); of a recipient its public key and the ephemeral one
 *                 (32 each); of the other kinds a salt (32)
 *   22+P ·   24 · nonce
 *   46+P ·   48 · root key (32), sealed by XChaCha20-Poly1305, with its tag (16)
 */
const MAGIC = Buffer.from('HFsl\x01');
const KIND_AT = 5;
const ID_AT = 6;
const ID_BYTES = 16;
const PARAMS_AT = 22;
const ALGORITHM = 'XChaCha20Poly1305';
const NONCE_SIZE = NONCE_BYTES[ALGORITHM];
const SEALED_SIZE = ROOT_BYTES + TAG_BYTES;

const PARAMS_SIZE: Readonly<Record<SlotKind, number>> = {
  password: 12 + SALT_BYTES,
  'key-file': SALT_BYTES,
  recovery: SALT_BYTES,
  recipient: 2 * KEY_BYTES,
  command: SALT_BYTES,
};

/** The stored form of a new slot: `root` under a key that the slot's own secret makes. */
export function sealSlot(
  params: SlotParams,
  key: Uint8Array,
  root: Uint8Array,
  vaultId: Uint8Array,
): Buffer {
  const header = headerOf(params, randomBytes(ID_BYTES));
  const nonce = randomBytes(NONCE_SIZE);
  const aad = aadOf(header, vaultId);
  return Buffer.concat([header, nonce, sealAead(ALGORITHM, key, { nonce, aad, plaintext: root })]);
}

/**
 * The root key, the caller's to wipe; undefined when it is not this key's, or anything of the slot
 * or of the vault's id differs.
 */
export function openSlot(slot: Slot, key: Uint8Array, vaultId: Uint8Array): Buffer | undefined {
  const { header, nonce, sealed } = slot;
  let opened: Buffer | undefined;
  try {
    opened = openAead(ALGORITHM, key, { nonce, aad: aadOf(header, vaultId), sealed });
    return wipeableCopy(opened);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'DECRYPT_FAILED') return undefined;
    throw error;
  } finally {
    wipe(opened);
  }
}

function aadOf(header: Uint8Array, vaultId: Uint8Array): Buffer {
  return transcript('holdfast vault slot', 1, vaultId, header);
}

function headerOf(params: SlotParams, id: Uint8Array): Buffer {
  const kind = Buffer.of(SLOT_KINDS.indexOf(params.kind) + 1);
  return Buffer.concat([MAGIC, kind, id, paramBytes(params)]);
}

function paramBytes(params: SlotParams): Buffer {
  if (params.kind === 'recipient') return Buffer.concat([params.publicKey, params.ephemeralKey]);
  if (params.kind !== 'password') return Buffer.from(params.salt);
  const { memoryKib, passes, parallelism } = params.argon2;
  const costs = Buffer.alloc(12);
  costs.writeUInt32BE(memoryKib, 0);
  costs.writeUInt32BE(passes, 4);
  costs.writeUInt32BE(parallelism, 8);
  return Buffer.concat([costs, params.salt]);
}

/**
 * Reads a stored slot. Costs are taken as they are: what may be run is `checkArgon2`'s to say.
 * @throws FORMAT_INVALID
 */
export function parseSlot(stored: Uint8Array): Slot {
  // A copy, so that nothing changes between what is read here and what is authenticated.
  const bytes = Buffer.from(stored.subarray(0, SLOT_BYTES_MAX + 1));
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw invalid('it does not begin as one');
  const kind = SLOT_KINDS[(bytes[KIND_AT] ?? 0) - 1];
  if (kind === undefined) throw invalid('its kind is not known');
  const nonceAt = PARAMS_AT + PARAMS_SIZE[kind];
  const sealedAt = nonceAt + NONCE_SIZE;
  if (bytes.length !== sealedAt + SEALED_SIZE) throw invalid('it has the wrong length');
  return {
    id: bytes.toString('hex', ID_AT, PARAMS_AT),
    params: paramsOf(kind, bytes.subarray(PARAMS_AT, nonceAt)),
    header: bytes.subarray(0, nonceAt),
    nonce: bytes.subarray(nonceAt, sealedAt),
    sealed: bytes.subarray(sealedAt),
  };
}

const SLOT_BYTES_MAX =
  PARAMS_AT + Math.max(...Object.values(PARAMS_SIZE)) + NONCE_SIZE + SEALED_SIZE;

function paramsOf(kind: SlotKind, bytes: Buffer): SlotParams {
  if (kind === 'recipient') {
    return {
      kind,
      publicKey: bytes.subarray(0, KEY_BYTES),
      ephemeralKey: bytes.subarray(KEY_BYTES),
    };
  }
  if (kind !== 'password') return { kind, salt: bytes };
  const argon2 = {
    memoryKib: bytes.readUInt32BE(0),
    passes: bytes.readUInt32BE(4),
    parallelism: bytes.readUInt32BE(8),
  };
  return { kind, argon2, salt: bytes.subarray(12) };
}

function invalid(reason: string): HoldfastError {
  return new HoldfastError('FORMAT_INVALID', `not a key slot of a vault: ${reason}`);
}
