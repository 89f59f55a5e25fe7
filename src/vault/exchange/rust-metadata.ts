import { wrongArgument } from '../../errors.ts';
import type { Algorithm } from '../keys/algorithm.ts';
import {
  KEY_ID_BYTES,
  type KeyId,
  keyIdBytes,
  keyIdOf,
  parseKeyId,
  VERSION_MAX,
} from '../keys/key-id.ts';
import type { JsonValue } from './json-text.ts';
import { bytes, mapped, oneOf, option, type Shape, struct, u32 } from './rust-json.ts';
import { checkTime, type RustTime, time, timeJson } from './rust-time.ts';

/** The algorithms that rust-keyvault has. */
export type RustAlgorithm = Exclude<Algorithm, 'HmacSha256'>;

const RUST_ALGORITHMS: readonly RustAlgorithm[] = [
  'ChaCha20Poly1305',
  'XChaCha20Poly1305',
  'Aes256Gcm',
  'Ed25519',
  'X25519',
];

const RUST_STATES = ['Pending', 'Active', 'Rotating', 'Deprecated', 'Revoked'] as const;

export type RustKeyState = (typeof RUST_STATES)[number];

/** What rust-keyvault keeps about one version of a key. In none of its files is it authenticated. */
export interface RustKeyMetadata {
  readonly id: KeyId;
  /** The same for all versions of a key. */
  readonly baseId: KeyId;
  readonly state: RustKeyState;
  readonly createdAt: RustTime;
  readonly expiresAt: RustTime | undefined;
  readonly algorithm: RustAlgorithm;
  readonly version: number;
}

/** As many as a backup or a directory may have; each costs rust-keyvault a file, which it rewrites. */
export const KEYS_MAX = 100_000;

const id = mapped(bytes(KEY_ID_BYTES), keyIdOf);

export const keyMetadata: Shape<RustKeyMetadata> = mapped(
  struct<{
    id: KeyId;
    base_id: KeyId;
    state: RustKeyState;
    created_at: RustTime;
    expires_at: RustTime | undefined;
    algorithm: RustAlgorithm;
    version: number;
  }>({
    id,
    base_id: id,
    state: oneOf(RUST_STATES),
    created_at: time,
    expires_at: option(time),
    algorithm: oneOf(RUST_ALGORITHMS),
    version: u32,
  }),
  ({ base_id: baseId, created_at: createdAt, expires_at: expiresAt, ...rest }) => ({
    ...rest,
    baseId,
    createdAt,
    expiresAt,
  }),
);

export function keyMetadataJson(metadata: RustKeyMetadata): JsonValue {
  return {
    id: keyIdBytes(metadata.id),
    base_id: keyIdBytes(metadata.baseId),
    state: metadata.state,
    created_at: timeJson(metadata.createdAt),
    expires_at: metadata.expiresAt ? timeJson(metadata.expiresAt) : null,
    algorithm: metadata.algorithm,
    version: metadata.version,
  };
}

/** @throws RangeError for what rust-keyvault could not read */
export function checkMetadata(metadata: RustKeyMetadata): void {
  const { algorithm, state, version } = metadata;
  parseKeyId(metadata.id);
  parseKeyId(metadata.baseId);
  if (!RUST_ALGORITHMS.includes(algorithm)) {
    throw wrongArgument('range', `rust-keyvault has no ${algorithm}`);
  }
  if (!RUST_STATES.includes(state)) throw wrongArgument('range', `no state of a key: ${state}`);
  if (!Number.isInteger(version) || version < 0 || version > VERSION_MAX) {
    throw wrongArgument('range', `a version is an integer of 0 to ${VERSION_MAX}, not ${version}`);
  }
  checkTime('createdAt', metadata.createdAt);
  if (metadata.expiresAt) checkTime('expiresAt', metadata.expiresAt);
}
