import { randomBytes } from 'node:crypto';
import { HoldfastError } from '../../errors.ts';
import { argon2id } from '../crypto/argon2.ts';
import { wipe } from '../hygiene/wipe.ts';
import { NONCE_BYTES } from '../keys/algorithm.ts';
import {
  type ExportableKey,
  type ExportedKey,
  exportJson,
  openExportV1,
  type SealedExport,
  sealExportV1,
  sealedExport,
} from './export-v1.ts';
import { jsonText } from './json-text.ts';
import { list, mapped, readJson, type Shape, struct, u64 } from './rust-json.ts';
import { RUST_FILE_COSTS, SALT_BYTES } from './rust-kdf.ts';
import { KEYS_MAX } from './rust-metadata.ts';
import { type RustTime, time, timeJson } from './rust-time.ts';

/** What a backup encrypts. */
export interface BackupContents {
  readonly keys: readonly SealedExport[];
  readonly vaultCreatedAt: RustTime;
}

/**
 * Under which rust-keyvault wraps every key inside a backup. Everybody knows it, so it protects
 * nothing: what does is the encryption of the whole.
 */
const INNER_PASSWORD = Buffer.from('temp-internal-export-password-for-backup');

/** `audit_logs` is always null, and no field that we read. */
const contents: Shape<BackupContents> = mapped(
  struct<{
    keys: readonly SealedExport[];
    vault_info: { created_at: RustTime; operation_count: number };
  }>({
    keys: list(sealedExport, KEYS_MAX),
    vault_info: struct({ created_at: time, operation_count: u64 }),
  }),
  ({ keys, vault_info }) => ({ keys, vaultCreatedAt: vault_info.created_at }),
);

/** To be called when they are done with: whoever has these bytes has the keys. */
export function wipeContents({ keys }: BackupContents): void {
  for (const { encryptedKey } of keys) wipe(encryptedKey);
}

/** @throws FORMAT_INVALID, KDF_LIMITS */
export function parseContents(plaintext: Uint8Array): BackupContents {
  return readJson('backup: contents', plaintext, contents);
}

/** Compact JSON, to the byte as rust-keyvault writes it. The buffer is the caller's to wipe. */
export function formatContents({ keys, vaultCreatedAt }: BackupContents): Buffer {
  const value = {
    keys: keys.map(exportJson),
    audit_logs: null,
    vault_info: { created_at: timeJson(vaultCreatedAt), operation_count: 0 },
  };
  return jsonText(value, false);
}

/** How far it is: key derivations done, and how many there are. */
export type OnProgress = (done: number, total: number) => void;

export interface Course {
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens all keys, two key derivations at a time, or none. @throws DECRYPT_FAILED with the place */
export async function openKeys(
  keys: readonly SealedExport[],
  course: Course,
): Promise<readonly ExportedKey[]> {
  const opened: (ExportedKey | undefined)[] = keys.map(() => undefined);
  try {
    await forEachInTwoLanes(keys, course, async (file, index) => {
      opened[index] = await openKey(file, index, course.signal);
    });
  } catch (error) {
    for (const key of opened) wipe(key?.material);
    throw error;
  }
  return opened.filter((key) => key !== undefined);
}

async function openKey(
  file: SealedExport,
  index: number,
  signal: AbortSignal | undefined,
): Promise<ExportedKey> {
  const wrapKey = await argon2id(INNER_PASSWORD, file.salt, file.params, signal);
  try {
    const { metadata, comment, exportedAt } = file;
    return { material: openExportV1(file, wrapKey), metadata, comment, exportedAt };
  } catch (cause) {
    throw new HoldfastError('DECRYPT_FAILED', `backup: keys[${index}] does not open`, { cause });
  } finally {
    wipe(wrapKey);
  }
}

/** Wraps all keys, two key derivations at a time. */
export async function sealKeys(
  keys: readonly ExportableKey[],
  exportedAt: RustTime,
  course: Course,
): Promise<readonly SealedExport[]> {
  const sealed: (SealedExport | undefined)[] = keys.map(() => undefined);
  await forEachInTwoLanes(keys, course, async (key, index) => {
    const salt = randomBytes(SALT_BYTES);
    const params = RUST_FILE_COSTS;
    const wrapKey = await argon2id(INNER_PASSWORD, salt, params, course.signal);
    try {
      const wrapping = 'XChaCha20Poly1305';
      const nonce = randomBytes(NONCE_BYTES[wrapping]);
      const header = { wrapping, salt, params, wrapKey, nonce, exportedAt } as const;
      sealed[index] = sealExportV1(key, { ...header, comment: undefined });
    } finally {
      wipe(wrapKey);
    }
  });
  return sealed.filter((file) => file !== undefined);
}

/** As many as run at once, so that a key derivation for somebody else waits for one of them only. */
const LANES = 2;

/** After a failure nothing more begins; what has begun is waited for. */
async function forEachInTwoLanes<T>(
  items: readonly T[],
  { onProgress }: Course,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const queue = items.entries();
  let done = 0;
  let hasFailed = false;
  const lane = async () => {
    for (const [index, item] of queue) {
      await work(item, index);
      done += 1;
      onProgress?.(done, items.length);
      if (hasFailed) return;
    }
  };
  const lanes = Array.from({ length: LANES }, () =>
    lane().catch((error: unknown) => {
      hasFailed = true;
      throw error;
    }),
  );
  for (const outcome of await Promise.allSettled(lanes)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
