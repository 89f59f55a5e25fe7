import { createSecretKey, randomBytes } from 'node:crypto';
import { HoldfastError } from '../../errors.ts';
import { TAG_BYTES } from '../crypto/aead.ts';
import { Box, NONCE_BYTES } from '../crypto/box.ts';
import { transcript } from '../crypto/transcript.ts';
import { wipe } from '../hygiene/wipe.ts';
import { KEY_BYTES } from '../keys/algorithm.ts';
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

/** A key for the values of one secret, sealed with the name that they belong to. */
export function newSecretKey(keys: VaultKeys, name: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  try {
    return keys.records.seal(key, secretKeyAad(keys, name));
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
  return secretBox(keys, row).seal(value, versionAad(keys, version));
}

/** The value, the caller's to wipe. @throws TAMPERED */
export function openValue(keys: VaultKeys, row: SecretRow, version: SecretVersionRow): Buffer {
  return opened(secretBox(keys, row), version.sealed, versionAad(keys, version), row.name);
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
  const ends = [sealed.subarray(0, NONCE_BYTES), sealed.subarray(-TAG_BYTES)] as const;
  return memberOf(
    members,
    transcript('secret version', name, version, created_at, sealed.length, ...ends),
  );
}

/** Seals the values of one secret. */
function secretBox(keys: VaultKeys, row: Pick<SecretRow, 'name' | 'sealed_key'>): Box {
  const bytes = opened(keys.records, row.sealed_key, secretKeyAad(keys, row.name), row.name);
  try {
    return new Box(createSecretKey(bytes));
  } finally {
    wipe(bytes);
  }
}

function secretKeyAad({ vaultId }: VaultKeys, name: string): Buffer {
  return transcript('holdfast vault secret key', vaultId, name);
}

function versionAad({ vaultId }: VaultKeys, row: Omit<SecretVersionRow, 'sealed'>): Buffer {
  return transcript('holdfast vault secret', vaultId, row.name, row.version, row.created_at);
}

function opened(box: Box, sealed: Uint8Array, aad: Uint8Array, name: string): Buffer {
  try {
    return box.open(sealed, aad);
  } catch {
    throw new HoldfastError('TAMPERED', `the secret '${name}' is not as the vault wrote it`);
  }
}
