import type { Value } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import { BOX_BYTES } from '../crypto/box.ts';
import { transcript } from '../crypto/transcript.ts';
import { type Column, rowOf } from '../seal/columns.ts';
import { memberOf } from '../seal/membership.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import { type Algorithm, isAlgorithm, KEY_BYTES } from './algorithm.ts';
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
  readonly sequence: number;
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

export const KEY_COLUMNS = `sequence, id, base_id, version, state, algorithm, label, created_at,
  created_ns, encrypt_until, decrypt_until, until_ns, revision, sealed`;

/** One version of a key as the vault keeps it. */
export interface KeyEntry {
  readonly info: KeyInfo;
  /** From 1; greater than that of every row that was last changed before it. */
  readonly sequence: number;
  /** The material in a box. */
  readonly sealed: Uint8Array;
  /** What it adds to the sum of all keys. */
  readonly member: bigint;
}

/**
 * Seals the material together with all that is said of it: no record can be given another id,
 * version, state or time, and none can be put in the place of another.
 */
export function sealKey(
  keys: VaultKeys,
  { info, sequence }: Pick<KeyEntry, 'info' | 'sequence'>,
  material: Uint8Array,
): KeyEntry {
  const aad = aadOf(keys, info);
  return entryOf(keys, { info, sequence, sealed: keys.records.seal(material, aad) }, aad);
}

/** The 32 bytes of the key, the caller's to wipe. @throws TAMPERED */
export function openKey(keys: VaultKeys, { info, sealed }: KeyEntry): Buffer {
  try {
    return keys.records.open(sealed, aadOf(keys, info));
  } catch {
    throw tampered(info.id);
  }
}

/** @throws TAMPERED when a column holds what the vault never writes */
export function entryOfRow(keys: VaultKeys, row: KeyRow): KeyEntry {
  const info = infoOf(row);
  const { sequence, sealed } = row;
  return entryOf(keys, { info, sequence, sealed }, aadOf(keys, info));
}

/** In the order of KEY_COLUMNS. */
export function valuesOf({ info, sequence, sealed }: KeyEntry): Value[] {
  const { id, baseId, version, state, algorithm, label, createdAt, nanos } = info;
  // biome-ignore format: in the order of the columns
  return [
    sequence, keyIdBytes(id), keyIdBytes(baseId), version, state, algorithm, label ?? null,
    createdAt, nanos.created, info.encryptUntil ?? null, info.decryptUntil ?? null, nanos.until,
    info.revision, sealed,
  ];
}

/** What may change of a row, in the order of the statement that changes it. */
export function changesOf({ info, sequence, sealed }: KeyEntry): Value[] {
  const { state, label, encryptUntil, decryptUntil, nanos, revision } = info;
  // biome-ignore format: in the order of the columns
  return [
    sequence, state, label ?? null, encryptUntil ?? null, decryptUntil ?? null, nanos.until,
    revision, sealed,
  ];
}

function entryOf(
  keys: VaultKeys,
  { info, sequence, sealed }: Omit<KeyEntry, 'member'>,
  aad: Uint8Array,
): KeyEntry {
  if (sealed.length !== KEY_BYTES + BOX_BYTES) throw tampered(info.id);
  const record = transcript('key', sequence, aad, sealed);
  return { info: Object.freeze(info), sequence, sealed, member: memberOf(keys.members, record) };
}

const COLUMNS: Readonly<Record<keyof KeyRow, Column>> = {
  ...{ sequence: 'count', id: 'bytes', base_id: 'bytes', version: 'count', state: 'text' },
  ...{
    algorithm: 'text',
    label: 'text?',
    created_at: 'count',
    created_ns: 'count',
    encrypt_until: 'count?',
  },
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
  const { id, baseId, version, state, algorithm, label, createdAt, nanos } = info;
  const { encryptUntil, decryptUntil, revision } = info;
  // biome-ignore format: a list of fields
  return transcript(
    'holdfast vault key', 1, vaultId, id, baseId, version, state, algorithm, label, createdAt,
    nanos.created, encryptUntil, decryptUntil, nanos.until, revision,
  );
}

function tampered(id: KeyId): HoldfastError {
  return new HoldfastError('TAMPERED', `the record of key ${id} is not as the vault wrote it`);
}
