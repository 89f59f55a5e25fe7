import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import { openAead, sealAead } from '../crypto/aead.ts';
import { type Argon2Params, argon2id } from '../crypto/argon2.ts';
import { wipe } from '../hygiene/wipe.ts';
import { NONCE_BYTES } from '../keys/algorithm.ts';
import {
  type BackupContents,
  type Course,
  formatContents,
  openKeys,
  parseContents,
  sealKeys,
  wipeContents,
} from './backup-contents.ts';
import {
  type BackupHeader,
  formatBackupV1,
  parseBackupV1,
  type SealedBackup,
} from './backup-file.ts';
import {
  checkComment,
  checkExportable,
  type ExportableKey,
  type ExportedKey,
} from './export-v1.ts';
import { gunzip, gzip } from './gzip.ts';
import { FILE_MAX_BYTES } from './rust-json.ts';
import { RUST_FILE_COSTS, SALT_BYTES, unlockFailed } from './rust-kdf.ts';
import { KEYS_MAX } from './rust-metadata.ts';
import { checkTime, type RustTime } from './rust-time.ts';

/** What a backup has. The keys, with all that is known of them, are authenticated. */
export interface OpenedBackup {
  /** Their material is the caller's to wipe. */
  readonly keys: readonly ExportedKey[];
  readonly vaultCreatedAt: RustTime;
  readonly header: BackupHeader;
}

const NO_AAD = new Uint8Array();

/**
 * Some 39,000 keys, which rust-keyvault needs hours to open. While they are unpacked they are in
 * memory twice, which makes as much as the largest file.
 */
const CONTENTS_MAX_BYTES = FILE_MAX_BYTES / 2;

/**
 * The contents of a backup; `key` is Argon2id of the password with the file's salt and costs. The
 * checksum is compared before anything is decrypted, in a time that says nothing about it.
 * @throws UNLOCK_FAILED, FORMAT_INVALID, KDF_LIMITS; DECRYPT_FAILED when the checksum is right and
 * the algorithm named in the header is not
 */
export async function openBackupV1(file: SealedBackup, key: Uint8Array): Promise<BackupContents> {
  const { algorithm, encryptedData, isCompressed, keyCount } = file;
  if (!timingSafeEqual(checksumOf(encryptedData, key), file.checksum)) throw unlockFailed();
  const nonce = encryptedData.subarray(0, NONCE_BYTES[algorithm]);
  const sealed = encryptedData.subarray(nonce.length);
  const packed = openAead(algorithm, key, { nonce, aad: NO_AAD, sealed, isKept: true });
  let plaintext = packed;
  try {
    if (isCompressed) plaintext = await gunzip(packed, CONTENTS_MAX_BYTES);
    const contents = parseContents(plaintext);
    if (contents.keys.length === keyCount) return contents;
  } finally {
    wipe(packed, plaintext);
  }
  throw new HoldfastError('FORMAT_INVALID', 'backup: metadata.key_count: not the number of keys');
}

function checksumOf(encryptedData: Uint8Array, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(encryptedData).digest();
}

/**
 * Opens a backup of rust-keyvault 0.2 (format 1). Every key in it takes a key derivation of its own,
 * two at a time; the signal ends the wait for them. Either all keys come out of it, or none.
 * @throws FORMAT_INVALID with the place, KDF_LIMITS before that is run, UNLOCK_FAILED,
 * DECRYPT_FAILED
 */
export async function readBackupV1(
  source: string | Uint8Array,
  password: Uint8Array,
  course: Course = {},
): Promise<OpenedBackup> {
  const file = parseBackupV1(source);
  const key = await argon2id(password, file.salt, file.params, course.signal);
  try {
    const contents = await openBackupV1(file, key);
    const { createdAt, keyCount, isCompressed, hasAuditLogs, comment } = file;
    const header = { createdAt, keyCount, isCompressed, hasAuditLogs, comment };
    const keys = await openKeys(contents.keys, course).finally(() => wipeContents(contents));
    return { keys, vaultCreatedAt: contents.vaultCreatedAt, header };
  } finally {
    wipe(key);
  }
}

export interface BackupSealing {
  readonly salt: Uint8Array;
  readonly params: Argon2Params;
  /** Argon2id of the password with that salt and those costs. */
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly createdAt: RustTime;
  readonly isCompressed: boolean;
  readonly comment: string | undefined;
}

/**
 * Encrypts contents with XChaCha20-Poly1305, the only algorithm that rust-keyvault writes.
 * @throws RangeError for more contents than our own reader takes
 */
export async function sealBackupV1(
  contents: BackupContents,
  { key, nonce, ...header }: BackupSealing,
): Promise<SealedBackup> {
  const algorithm = 'XChaCha20Poly1305';
  const plaintext = formatContents(contents);
  let packed = plaintext;
  try {
    if (plaintext.length > CONTENTS_MAX_BYTES) throw tooLarge();
    if (header.isCompressed) packed = await gzip(plaintext);
    const sealed = sealAead(algorithm, key, { nonce, aad: NO_AAD, plaintext: packed });
    const encryptedData = Buffer.concat([nonce, sealed]);
    const checksum = checksumOf(encryptedData, key);
    const keyCount = contents.keys.length;
    return { ...header, hasAuditLogs: false, algorithm, keyCount, encryptedData, checksum };
  } finally {
    wipe(packed, plaintext);
  }
}

export interface WriteBackupOptions extends Course {
  readonly comment?: string | undefined;
  /** Gzip before encryption; on unless told. */
  readonly compress?: boolean | undefined;
  /** Epoch ms for `created_at` and the times of the exports; the clock's unless told. */
  readonly now?: number | undefined;
  /** When the vault was created; `now` unless told. */
  readonly vaultCreatedAt?: RustTime | undefined;
  /** With an indent of two spaces, or else compact. */
  readonly pretty?: boolean | undefined;
}

/**
 * Writes a backup that rust-keyvault 0.2 reads (format 1). Its format takes one key derivation of
 * 64 MiB for each key, two at a time. Comment, times and the number of keys are readable in it.
 * @throws RangeError for what rust-keyvault could not read, and for more than our own reader takes
 */
export async function writeBackupV1(
  keys: readonly ExportableKey[],
  password: Uint8Array,
  options: WriteBackupOptions = {},
): Promise<string> {
  const { comment, compress: isCompressed = true, pretty = true, signal } = options;
  const createdAt = { ms: options.now ?? Date.now(), ns: 0 };
  const { vaultCreatedAt = createdAt } = options;
  for (const key of keys) checkExportable(key);
  checkComment(comment);
  checkTime('now', createdAt);
  checkTime('vaultCreatedAt', vaultCreatedAt);
  if (keys.length > KEYS_MAX) throw wrongArgument('range', `a backup has at most ${KEYS_MAX} keys`);
  const salt = randomBytes(SALT_BYTES);
  const params = RUST_FILE_COSTS;
  const key = await argon2id(password, salt, params, signal);
  try {
    const contents = { keys: await sealKeys(keys, createdAt, options), vaultCreatedAt };
    const nonce = randomBytes(NONCE_BYTES.XChaCha20Poly1305);
    const header = { salt, params, key, nonce, createdAt, isCompressed, comment };
    const sealed = await sealBackupV1(contents, header).finally(() => wipeContents(contents));
    const file = formatBackupV1(sealed, pretty);
    if (Buffer.byteLength(file) <= FILE_MAX_BYTES) return file;
  } finally {
    wipe(key);
  }
  throw tooLarge();
}

function tooLarge(): RangeError {
  return wrongArgument('range', 'a backup of so many keys would be larger than we read');
}
