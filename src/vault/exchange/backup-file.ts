import { TAG_BYTES } from '../crypto/aead.ts';
import type { Argon2Params } from '../crypto/argon2.ts';
import { type AeadAlgorithm, NONCE_BYTES } from '../keys/algorithm.ts';
import { COMMENT_MAX_BYTES, wrappingAlgorithm } from './export-v1.ts';
import { jsonText } from './json-text.ts';
import {
  bool,
  bytes,
  FILE_MAX_BYTES,
  FORMAT_VERSION,
  formatVersion,
  mapped,
  option,
  readJson,
  type Shape,
  struct,
  text,
  u64,
} from './rust-json.ts';
import { argon2Params, argon2ParamsJson, SALT_BYTES } from './rust-kdf.ts';
import { type RustTime, time, timeJson } from './rust-time.ts';

/** What a backup file says in the clear. Nothing of it is authenticated. */
export interface BackupHeader {
  readonly createdAt: RustTime;
  readonly keyCount: number;
  readonly isCompressed: boolean;
  readonly hasAuditLogs: boolean;
  readonly comment: string | undefined;
}

/** A backup file, read and not yet opened. */
export interface SealedBackup extends BackupHeader {
  readonly salt: Uint8Array;
  readonly params: Argon2Params;
  readonly algorithm: AeadAlgorithm;
  /**
   *     0      · 12 or 24 · nonce
   *     nonce  · n        · the encrypted contents, JSON or gzip of it
   *     end-16 · 16       · tag
   */
  readonly encryptedData: Uint8Array;
  /** HMAC-SHA-256 of `encryptedData`, under the key that encrypts it. */
  readonly checksum: Uint8Array;
}

const CHECKSUM_BYTES = 32;

const sealedBackup: Shape<SealedBackup> = mapped(
  struct<{
    format_version: number;
    metadata: BackupHeader & { readonly checksum: Buffer; readonly dataSizeBytes: number };
    salt: Buffer;
    argon2_params: Argon2Params;
    encryption_algorithm: AeadAlgorithm;
    encrypted_data: Buffer;
  }>({
    format_version: formatVersion,
    metadata: mapped(
      struct<{
        created_at: RustTime;
        key_count: number;
        format_version: number;
        checksum: Buffer;
        compressed: boolean;
        has_audit_logs: boolean;
        comment: string | undefined;
        data_size: number;
      }>({
        created_at: time,
        key_count: u64,
        format_version: formatVersion,
        checksum: bytes(CHECKSUM_BYTES),
        compressed: bool,
        has_audit_logs: bool,
        comment: option(text(COMMENT_MAX_BYTES)),
        data_size: u64,
      }),
      (metadata) => ({
        createdAt: metadata.created_at,
        keyCount: metadata.key_count,
        isCompressed: metadata.compressed,
        hasAuditLogs: metadata.has_audit_logs,
        comment: metadata.comment,
        checksum: metadata.checksum,
        dataSizeBytes: metadata.data_size,
      }),
    ),
    salt: bytes(SALT_BYTES),
    argon2_params: argon2Params,
    encryption_algorithm: wrappingAlgorithm,
    encrypted_data: bytes(NONCE_BYTES.ChaCha20Poly1305 + TAG_BYTES, FILE_MAX_BYTES),
  }),
  (file, json) => {
    const { metadata, salt, argon2_params: params, encrypted_data: encryptedData } = file;
    const { dataSizeBytes, ...header } = metadata;
    if (dataSizeBytes !== encryptedData.length) {
      json.within('metadata.data_size', () => json.fail(`not ${encryptedData.length}`));
    }
    return { ...header, salt, params, algorithm: file.encryption_algorithm, encryptedData };
  },
);

/**
 * Reads a backup of rust-keyvault 0.2 (format 1) without opening it.
 * @throws FORMAT_INVALID with the place, also for more than 64 MiB; KDF_LIMITS
 */
export function parseBackupV1(source: string | Uint8Array): SealedBackup {
  return readJson('backup', source, sealedBackup);
}

/** The file, to the byte as rust-keyvault writes it: compact, or pretty with an indent of two. */
export function formatBackupV1(file: SealedBackup, pretty: boolean): string {
  const value = {
    format_version: FORMAT_VERSION,
    metadata: {
      created_at: timeJson(file.createdAt),
      key_count: file.keyCount,
      format_version: FORMAT_VERSION,
      checksum: file.checksum,
      compressed: file.isCompressed,
      has_audit_logs: file.hasAuditLogs,
      comment: file.comment ?? null,
      data_size: file.encryptedData.length,
    },
    salt: file.salt,
    argon2_params: argon2ParamsJson(file.params),
    encryption_algorithm: file.algorithm,
    encrypted_data: file.encryptedData,
  };
  return jsonText(value, pretty).toString();
}
