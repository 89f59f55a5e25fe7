import { randomBytes } from 'node:crypto';
import type { Value } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import { openAead, sealAead, TAG_BYTES } from '../crypto/aead.ts';
import { transcript } from '../crypto/transcript.ts';
import { type Column, rowOf } from '../seal/columns.ts';
import { memberOf } from '../seal/membership.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import { type Algorithm, isAlgorithm, KEY_BYTES, NONCE_BYTES } from './algorithm.ts';
import { KEY_ID_BYTES, type KeyId, keyIdBytes, keyIdOf, VERSION_MAX } from './key-id.ts';
import { isKeyState, type KeyState } from './key-state.ts';

/** What is known of one version of a key without its material. */
export interface KeyInfo {
  readonly id: KeyId;
  /** That of the first version, which all versions of a key have in common. */
  readonly baseId: KeyId;
  /** From 1. */
  readonly version: number;
  readonly state: KeyState;
  readonly algorithm: Algorithm;
  /** A name for people, the same for all versions. */
  readonly label: string | undefined;
  /** Epoch ms. */
  readonly createdAt: number;
  /** It encrypts, signs and agrees up to and at this moment, epoch ms. */
  readonly encryptUntil: number | undefined;
  /** It decrypts and verifies up to and at this moment, epoch ms. */
  readonly decryptUntil: number | undefined;
  /** Of the vault, when this was last changed. */
  readonly revision: number;
  /** What rust-keyvault's times have beyond the millisecond. */
  readonly nanos: KeyNanos;
}

/** Nanoseconds, 0 to 999,999, to be added to times in ms. */
export interface KeyNanos {
  readonly created: number;
  readonly until: number;
}

export const NO_NANOS: KeyNanos = { created: 0, until: 0 };

/** A row of the table `keys`. */
export interface KeyRow {
  readonly id: Uint8Array;
  readonly base_id: Uint8Array;
  readonly version: number;
  readonly state: string;
  readonly algorithm: string;
  readonly label: string | null;
  readonly created_at: number;
  readonly created_ns: number;
  readonly encrypt_until: number | null;
  readonly decrypt_until: number | null;
  readonly until_ns: number;
  readonly revision: number;
  readonly sealed: Uint8Array;
}

export const KEY_COLUMNS = `id, base_id, version, state, algorithm, label, created_at, created_ns,
  encrypt_until, decrypt_until, until_ns, revision, sealed`;

/** One version of a key as the vault keeps it. */
export interface KeyEntry {
  readonly info: KeyInfo;
  /** Nonce ‖ ciphertext ‖ tag of the material. */
  readonly sealed: Uint8Array;
  /** What it adds to the sum of all keys. */
  readonly member: bigint;
}

const ALGORITHM = 'XChaCha20Poly1305';
const NONCE = NONCE_BYTES[ALGORITHM];
const SEALED_BYTES = NONCE + KEY_BYTES + TAG_BYTES;

/**
 * Seals the material together with all that is said of it: no record can be given another id,
 * version, state or time, and none can be put in the place of another.
 */
export function sealKey(keys: VaultKeys, info: KeyInfo, material: Uint8Array): KeyEntry {
  const nonce = randomBytes(NONCE);
  const sealed = sealAead(ALGORITHM, keys.records, {
    ...{ nonce, plaintext: material },
    aad: aadOf(keys, info),
  });
  return entryOf(keys, info, Buffer.concat([nonce, sealed]));
}

/** The 32 bytes of the key, the caller's to wipe. @throws TAMPERED */
export function openKey(keys: VaultKeys, { info, sealed }: KeyEntry): Buffer {
  try {
    return openAead(ALGORITHM, keys.records, {
      nonce: sealed.subarray(0, NONCE),
      aad: aadOf(keys, info),
      sealed: sealed.subarray(NONCE),
    });
  } catch {
    throw tampered(info.id);
  }
}

/** @throws TAMPERED when a column holds what the vault never writes */
export function entryOfRow(keys: VaultKeys, row: KeyRow): KeyEntry {
  return entryOf(keys, infoOf(row), row.sealed);
}

/** In the order of KEY_COLUMNS. */
export function valuesOf({ info, sealed }: KeyEntry): Value[] {
  return [
    ...[keyIdBytes(info.id), keyIdBytes(info.baseId), info.version, info.state, info.algorithm],
    ...[info.label ?? null, info.createdAt, info.nanos.created],
    ...[info.encryptUntil ?? null, info.decryptUntil ?? null, info.nanos.until],
    ...[info.revision, sealed],
  ];
}

function entryOf(keys: VaultKeys, info: KeyInfo, sealed: Uint8Array): KeyEntry {
  if (sealed.length !== SEALED_BYTES) throw tampered(info.id);
  const record = transcript('key', aadOf(keys, info), sealed);
  return { info: Object.freeze(info), sealed, member: memberOf(keys.members, record) };
}

const COLUMNS: Readonly<Record<keyof KeyRow, Column>> = {
  ...{ id: 'bytes', base_id: 'bytes', version: 'count', state: 'text', algorithm: 'text' },
  ...{ label: 'text?', created_at: 'count', created_ns: 'count', encrypt_until: 'count?' },
  ...{ decrypt_until: 'count?', until_ns: 'count', revision: 'count', sealed: 'bytes' },
};

function infoOf(row: KeyRow): KeyInfo {
  rowOf(row, COLUMNS, 'a record of a key');
  const { state, algorithm, version } = row;
  const hasIds = row.id.length === KEY_ID_BYTES && row.base_id.length === KEY_ID_BYTES;
  const isVersion = version >= 1 && version <= VERSION_MAX;
  if (!hasIds || !isVersion || !isKeyState(state) || !isAlgorithm(algorithm)) {
    throw new HoldfastError('TAMPERED', 'a record of a key is not as the vault wrote it');
  }
  return {
    ...{ id: keyIdOf(row.id), baseId: keyIdOf(row.base_id), version, state, algorithm },
    label: row.label ?? undefined,
    createdAt: row.created_at,
    encryptUntil: row.encrypt_until ?? undefined,
    decryptUntil: row.decrypt_until ?? undefined,
    revision: row.revision,
    nanos: { created: row.created_ns, until: row.until_ns },
  };
}

function aadOf({ vaultId }: VaultKeys, info: KeyInfo): Buffer {
  return transcript(
    ...['holdfast vault key', 1, vaultId],
    ...[keyIdBytes(info.id), keyIdBytes(info.baseId), info.version, info.state, info.algorithm],
    ...[info.label, info.createdAt, info.nanos.created],
    ...[info.encryptUntil, info.decryptUntil, info.nanos.until, info.revision],
  );
}

function tampered(id: KeyId): HoldfastError {
  return new HoldfastError('TAMPERED', `the record of key ${id} is not as the vault wrote it`);
}
