import { randomBytes } from 'node:crypto';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import { openAead, sealAead, TAG_BYTES } from '../crypto/aead.ts';
import { type Argon2Params, argon2id } from '../crypto/argon2.ts';
import { wipe } from '../hygiene/wipe.ts';
import { type AeadAlgorithm, KEY_BYTES, NONCE_BYTES } from '../keys/algorithm.ts';
import { type JsonValue, jsonText } from './json-text.ts';
import {
  bytes,
  FORMAT_VERSION,
  formatVersion,
  mapped,
  oneOf,
  option,
  readJson,
  type Shape,
  struct,
  text,
} from './rust-json.ts';
import {
  argon2Params,
  argon2ParamsJson,
  RUST_FILE_COSTS,
  SALT_BYTES,
  unlockFailed,
} from './rust-kdf.ts';
import {
  checkMetadata,
  keyMetadata,
  keyMetadataJson,
  type RustKeyMetadata,
} from './rust-metadata.ts';
import { checkTime, type RustTime, time, timeJson } from './rust-time.ts';

/** A key to be exported: its 32 bytes, and what is known about it. */
export interface ExportableKey {
  readonly material: Uint8Array;
  readonly metadata: RustKeyMetadata;
}

/** What an export says. Only `material` is authenticated: whoever has the file can change the rest. */
export interface ExportedKey {
  /** 32 bytes, the caller's to wipe. */
  readonly material: Buffer;
  readonly metadata: RustKeyMetadata;
  readonly comment: string | undefined;
  readonly exportedAt: RustTime;
}

/** An export file, read and not yet opened. */
export interface SealedExport {
  readonly exportedAt: RustTime;
  readonly wrapping: AeadAlgorithm;
  readonly salt: Uint8Array;
  readonly params: Argon2Params;
  /**
   *     0      · 12 or 24 · nonce
   *     nonce  · 32       · the encrypted key
   *     end-16 · 16       · tag
   */
  readonly encryptedKey: Uint8Array;
  readonly metadata: RustKeyMetadata;
  readonly comment: string | undefined;
}

const AAD = Buffer.from('rust-keyvault-export-v1');

/** Nobody comments at greater length; rust-keyvault has no limit. */
export const COMMENT_MAX_BYTES = 1024 * 1024;

const AEADS: readonly AeadAlgorithm[] = ['XChaCha20Poly1305', 'ChaCha20Poly1305', 'Aes256Gcm'];

export const wrappingAlgorithm = oneOf(AEADS);

/** One export; a backup has a list of them. */
export const sealedExport: Shape<SealedExport> = mapped(
  struct<{
    format_version: number;
    exported_at: RustTime;
    wrapping_algorithm: AeadAlgorithm;
    salt: Buffer;
    argon2_params: Argon2Params;
    encrypted_key: Buffer;
    metadata: RustKeyMetadata;
    comment: string | undefined;
  }>({
    format_version: formatVersion,
    exported_at: time,
    wrapping_algorithm: wrappingAlgorithm,
    salt: bytes(SALT_BYTES),
    argon2_params: argon2Params,
    encrypted_key: bytes(wrappedBytes('ChaCha20Poly1305'), wrappedBytes('XChaCha20Poly1305')),
    metadata: keyMetadata,
    comment: option(text(COMMENT_MAX_BYTES)),
  }),
  (file, json) => {
    const { wrapping_algorithm: wrapping, encrypted_key: encryptedKey } = file;
    if (encryptedKey.length !== wrappedBytes(wrapping)) {
      json.within('encrypted_key', () => json.fail(`not ${wrappedBytes(wrapping)} bytes`));
    }
    const { exported_at: exportedAt, salt, argon2_params: params, metadata, comment } = file;
    return { exportedAt, wrapping, salt, params, encryptedKey, metadata, comment };
  },
);

function wrappedBytes(wrapping: AeadAlgorithm): number {
  return NONCE_BYTES[wrapping] + KEY_BYTES + TAG_BYTES;
}

/**
 * Reads an export of rust-keyvault 0.2 (format 1) without opening it.
 * @throws FORMAT_INVALID with the place; KDF_LIMITS
 */
export function parseExportV1(source: string | Uint8Array): SealedExport {
  return readJson('export', source, sealedExport);
}

/**
 * The 32 bytes of the key; `wrapKey` is Argon2id of the password with the file's salt and costs.
 * @throws UNLOCK_FAILED
 */
export function openExportV1(
  { wrapping, encryptedKey }: SealedExport,
  wrapKey: Uint8Array,
): Buffer {
  const nonceBytes = NONCE_BYTES[wrapping];
  const nonce = encryptedKey.subarray(0, nonceBytes);
  const sealed = encryptedKey.subarray(nonceBytes);
  try {
    return openAead(wrapping, wrapKey, { nonce, aad: AAD, sealed });
  } catch (error) {
    const isForeign = error instanceof HoldfastError && error.code === 'DECRYPT_FAILED';
    throw isForeign ? unlockFailed() : error;
  }
}

/**
 * Opens an export of rust-keyvault 0.2 (format 1). The costs of the key derivation are the file's;
 * the signal ends the wait for it.
 * @throws FORMAT_INVALID with the place; KDF_LIMITS before anything is run; UNLOCK_FAILED
 */
export async function readExportV1(
  source: string | Uint8Array,
  password: Uint8Array,
  signal?: AbortSignal,
): Promise<ExportedKey> {
  const file = parseExportV1(source);
  const wrapKey = await argon2id(password, file.salt, file.params, signal);
  try {
    const { metadata, comment, exportedAt } = file;
    return { material: openExportV1(file, wrapKey), metadata, comment, exportedAt };
  } finally {
    wipe(wrapKey);
  }
}

export interface Wrapping {
  readonly wrapping: AeadAlgorithm;
  readonly salt: Uint8Array;
  readonly params: Argon2Params;
  /** Argon2id of the password with that salt and those costs. */
  readonly wrapKey: Uint8Array;
  readonly nonce: Uint8Array;
  readonly exportedAt: RustTime;
  readonly comment: string | undefined;
}

/** Wraps a key. @throws RangeError for what rust-keyvault, or our own reader, could not read */
export function sealExportV1(
  key: ExportableKey,
  { wrapKey, nonce, ...header }: Wrapping,
): SealedExport {
  checkExportable(key);
  const { material, metadata } = key;
  const sealed = sealAead(header.wrapping, wrapKey, { nonce, aad: AAD, plaintext: material });
  return { ...header, metadata, encryptedKey: Buffer.concat([nonce, sealed]) };
}

/** @throws RangeError for what rust-keyvault, or our own reader, could not read */
export function checkExportable({ material, metadata }: ExportableKey): void {
  if (!(material instanceof Uint8Array)) throw wrongArgument('type', 'a key must be bytes');
  if (material.length !== KEY_BYTES) {
    throw wrongArgument('range', `a key has ${KEY_BYTES} bytes, not ${material.length}`);
  }
  checkMetadata(metadata);
}

/** @throws RangeError */
export function checkComment(comment: string | undefined): void {
  if (comment === undefined) return;
  if (!comment.isWellFormed()) throw wrongArgument('range', 'a comment is well-formed Unicode');
  if (Buffer.byteLength(comment) <= COMMENT_MAX_BYTES) return;
  throw wrongArgument('range', `a comment has at most ${COMMENT_MAX_BYTES} bytes`);
}

/** The fields in the order in which rust-keyvault writes them. */
export function exportJson(file: SealedExport): JsonValue {
  return {
    format_version: FORMAT_VERSION,
    exported_at: timeJson(file.exportedAt),
    wrapping_algorithm: file.wrapping,
    salt: file.salt,
    argon2_params: argon2ParamsJson(file.params),
    encrypted_key: file.encryptedKey,
    metadata: keyMetadataJson(file.metadata),
    comment: file.comment ?? null,
  };
}

/** The file, to the byte as rust-keyvault writes it: compact, or pretty with an indent of two. */
export function formatExportV1(file: SealedExport, pretty: boolean): string {
  return jsonText(exportJson(file), pretty).toString();
}

export interface WriteExportOptions {
  readonly comment?: string | undefined;
  /** With which the key is wrapped: XChaCha20Poly1305 unless told. */
  readonly algorithm?: AeadAlgorithm | undefined;
  /** Epoch ms for `exported_at`; the clock's unless told. */
  readonly now?: number | undefined;
  /** With an indent of two spaces, or else compact. */
  readonly pretty?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes an export that rust-keyvault 0.2 reads (format 1): Argon2id with 64 MiB, 4 passes and 4
 * lanes, a fresh salt, a fresh nonce. Metadata and comment are readable in it, and not protected.
 * @throws RangeError for what rust-keyvault could not read
 */
export async function writeExportV1(
  key: ExportableKey,
  password: Uint8Array,
  options: WriteExportOptions = {},
): Promise<string> {
  const { comment, algorithm: wrapping = 'XChaCha20Poly1305', pretty = true } = options;
  const exportedAt = { ms: options.now ?? Date.now(), ns: 0 };
  checkExportable(key);
  checkComment(comment);
  checkTime('now', exportedAt);
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES[wrapping]);
  const params = RUST_FILE_COSTS;
  const wrapKey = await argon2id(password, salt, params, options.signal);
  try {
    const header = { wrapping, salt, params, wrapKey, nonce, exportedAt, comment };
    return formatExportV1(sealExportV1(key, header), pretty);
  } finally {
    wipe(wrapKey);
  }
}
