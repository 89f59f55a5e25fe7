import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { HoldfastError } from '../../errors.ts';
import { openAead, sealAead, TAG_BYTES } from '../crypto/aead.ts';
import { type Field, transcript } from '../crypto/transcript.ts';
import { wipe } from '../hygiene/wipe.ts';
import { KEY_BYTES, NONCE_BYTES } from '../keys/algorithm.ts';
import { type Column, rowOf } from '../seal/columns.ts';
import { memberOf } from '../seal/membership.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';

/** A row of the table `secrets`. */
export interface SecretRow {
  readonly name: string;
  /** Of the newest value; the first has 1. */
  readonly version: number;
  /** A JSON object of texts. */
  readonly tags: string;
  readonly created_at: number;
  readonly deleted_at: number | null;
  readonly purge_at: number | null;
  readonly revision: number;
  readonly sealed_key: Uint8Array;
}

/** A row of the table `secret_versions`. */
export interface SecretVersionRow {
  readonly name: string;
  readonly version: number;
  readonly created_at: number;
  readonly sealed: Uint8Array;
}

const SECRET: Readonly<Record<keyof SecretRow, Column>> = {
  ...{ name: 'text', version: 'count', tags: 'text', created_at: 'count', deleted_at: 'count?' },
  ...{ purge_at: 'count?', revision: 'count', sealed_key: 'bytes' },
};
const VERSION = { name: 'text', version: 'count', created_at: 'count', sealed: 'bytes' } as const;
const WHAT = 'a record of a secret';

/** @throws TAMPERED */
export function checkedSecret(row: SecretRow): SecretRow {
  return rowOf(row, SECRET, WHAT);
}

/** @throws TAMPERED */
export function checkedVersion(row: SecretVersionRow): SecretVersionRow {
  return rowOf(row, VERSION, WHAT);
}

const ALGORITHM = 'XChaCha20Poly1305';
const NONCE = NONCE_BYTES[ALGORITHM];

/** A key for the values of one secret, sealed with the name that they belong to. */
export function newSecretKey(keys: VaultKeys, name: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  try {
    return seal(keys.records, ['holdfast vault secret key', keys.vaultId, name], key);
  } finally {
    wipe(key);
  }
}

export function sealValue(
  keys: VaultKeys,
  row: Pick<SecretRow, 'name' | 'sealed_key'>,
  version: Omit<SecretVersionRow, 'sealed'>,
  value: Uint8Array,
): Buffer {
  return seal(openSecretKey(keys, row), versionFields(keys, version), value);
}

/** The value, the caller's to wipe. @throws TAMPERED */
export function openValue(keys: VaultKeys, row: SecretRow, version: SecretVersionRow): Buffer {
  return open(openSecretKey(keys, row), versionFields(keys, version), version.sealed, row.name);
}

/** What the row of a secret adds to the sum of all. */
export function secretMember({ members }: VaultKeys, row: SecretRow): bigint {
  const { name, version, tags, created_at, deleted_at, purge_at, revision, sealed_key } = row;
  return memberOf(
    members,
    transcript(
      ...['secret', name, version, tags, created_at, deleted_at ?? undefined],
      ...[purge_at ?? undefined, revision, sealed_key],
    ),
  );
}

/** What the row of a version adds: its tag stands for the value, however large that is. */
export function versionMember({ members }: VaultKeys, row: SecretVersionRow): bigint {
  const { name, version, created_at, sealed } = row;
  const ends = [sealed.subarray(0, NONCE), sealed.subarray(-TAG_BYTES)] as const;
  return memberOf(
    members,
    transcript('secret version', name, version, created_at, sealed.length, ...ends),
  );
}

function openSecretKey(keys: VaultKeys, row: Pick<SecretRow, 'name' | 'sealed_key'>): KeyObject {
  const fields = ['holdfast vault secret key', keys.vaultId, row.name];
  const bytes = open(keys.records, fields, row.sealed_key, row.name);
  try {
    return createSecretKey(bytes);
  } finally {
    wipe(bytes);
  }
}

function versionFields(keys: VaultKeys, row: Omit<SecretVersionRow, 'sealed'>): Field[] {
  return ['holdfast vault secret', keys.vaultId, row.name, row.version, row.created_at];
}

function seal(key: KeyObject, fields: readonly Field[], plaintext: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE);
  const aad = transcript(...fields);
  return Buffer.concat([nonce, sealAead(ALGORITHM, key, { nonce, aad, plaintext })]);
}

function open(key: KeyObject, fields: readonly Field[], stored: Uint8Array, name: string): Buffer {
  try {
    const [nonce, sealed] = [stored.subarray(0, NONCE), stored.subarray(NONCE)];
    return openAead(ALGORITHM, key, { nonce, aad: transcript(...fields), sealed });
  } catch {
    throw new HoldfastError('TAMPERED', `the secret '${name}' is not as the vault wrote it`);
  }
}
