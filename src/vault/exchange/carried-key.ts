import { wrongArgument } from '../../errors.ts';
import { type Algorithm, KEY_BYTES } from '../keys/algorithm.ts';
import { KEY_ID_BYTES, keyIdBytes, keyIdOf, VERSION_MAX } from '../keys/key-id.ts';
import type { KeyState } from '../keys/key-state.ts';
import type { KeyFields } from '../keys/ledger.ts';
import { LABEL_MAX } from '../keys/require.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { ExportableKey } from './export-v1.ts';
import type { RustAlgorithm, RustKeyMetadata } from './rust-metadata.ts';

/** One version of a key on its way from a vault to another, or back. */
export interface CarriedKey {
  readonly info: KeyFields;
  /** 32 bytes. */
  readonly material: Uint8Array;
}

/** By their numbers in a file, which never change. */
const STATES: readonly (KeyState | undefined)[] = [
  ...([undefined, 'Pending', 'Active', 'Rotating', 'Deprecated', 'Revoked'] as const),
];
const ALGORITHMS: readonly (Algorithm | undefined)[] = [
  ...([undefined, 'ChaCha20Poly1305', 'XChaCha20Poly1305', 'Aes256Gcm'] as const),
  ...(['Ed25519', 'X25519', 'HmacSha256'] as const),
];

const NANOS_MAX = 999_999;

/** A unit of UTF-16 has three bytes of UTF-8 at most. */
const LABEL_MAX_BYTES = LABEL_MAX * 3;

/**
 * A key in a file of ours:
 *
 *       0 · 16 · id
 *      16 · 16 · base id
 *      32 · 4  · version
 *      36 · 1  · state: 1 Pending, 2 Active, 3 Rotating, 4 Deprecated, 5 Revoked
 *      37 · 1  · algorithm: 1 ChaCha20Poly1305, 2 XChaCha20Poly1305, 3 Aes256Gcm, 4 Ed25519,
 *                5 X25519, 6 HmacSha256
 *      38 · 8  · created, epoch ms
 *      46 · 4  · and nanoseconds
 *      50 · 8  · makes until, epoch ms, or all ones
 *      58 · 8  · reads until, epoch ms, or all ones
 *      66 · 4  · and nanoseconds
 *      70 · 32 · material
 *     102 · 4  · length n of the label, 0 for none
 *     106 · n  · label in UTF-8
 */
export function writeKey(writer: ByteWriter, { info, material }: CarriedKey): void {
  writer.bytes(keyIdBytes(info.id));
  writer.bytes(keyIdBytes(info.baseId));
  writer.u32(info.version);
  writer.u8(STATES.indexOf(info.state));
  writer.u8(ALGORITHMS.indexOf(info.algorithm));
  writer.u64(info.createdAt);
  writer.u32(info.nanos.created);
  writer.time(info.encryptUntil);
  writer.time(info.decryptUntil);
  writer.u32(info.nanos.until);
  writer.bytes(material);
  writer.text(info.label ?? '');
}

/** Its material lies in the memory of the source. @throws FORMAT_INVALID */
export function readKey(reader: ByteReader): CarriedKey {
  const id = keyIdOf(reader.bytes(KEY_ID_BYTES));
  const baseId = keyIdOf(reader.bytes(KEY_ID_BYTES));
  const version = reader.u32(VERSION_MAX) || reader.fail('a version of 0');
  const state = reader.oneOf(STATES) ?? reader.fail('no state');
  const algorithm = reader.oneOf(ALGORITHMS) ?? reader.fail('no algorithm');
  const createdAt = reader.u64();
  const created = reader.u32(NANOS_MAX);
  const [encryptUntil, decryptUntil] = [reader.time(), reader.time()];
  if (decryptUntil !== undefined && (encryptUntil ?? 0) > decryptUntil) {
    reader.fail('it would encrypt longer than decrypt');
  }
  const until = reader.u32(NANOS_MAX);
  const material = reader.bytes(KEY_BYTES);
  const label = reader.text(LABEL_MAX_BYTES) || undefined;
  if (label && label.length > LABEL_MAX) reader.fail('a label is too long');
  const nanos = { created, until };
  const limits = { encryptUntil, decryptUntil, nanos };
  return { info: { id, baseId, version, state, algorithm, label, createdAt, ...limits }, material };
}

/** What rust-keyvault knows of expiry ends all use. */
export function carriedOf({ metadata, material }: ExportableKey): CarriedKey {
  const { id, baseId, version, state, algorithm, createdAt, expiresAt } = metadata;
  return {
    info: {
      ...{ id, baseId, version, state, algorithm, label: undefined },
      ...{ createdAt: createdAt.ms, encryptUntil: expiresAt?.ms, decryptUntil: expiresAt?.ms },
      nanos: { created: createdAt.ns, until: expiresAt?.ns ?? 0 },
    },
    material,
  };
}

/**
 * What rust-keyvault can be told of a key: no label, and of two limits the first, so that nobody
 * uses it for longer than was meant.
 * @throws RangeError for HmacSha256, which it does not have
 */
export function rustKeyOf({ info, material }: CarriedKey): ExportableKey {
  const { id, baseId, version, state, createdAt, nanos } = info;
  const algorithm = checkRustAlgorithm(info);
  const until = info.encryptUntil ?? info.decryptUntil;
  const metadata: RustKeyMetadata = {
    ...{ id, baseId, version, state, algorithm },
    createdAt: { ms: createdAt, ns: nanos.created },
    expiresAt: until === undefined ? undefined : { ms: until, ns: nanos.until },
  };
  return { material, metadata };
}

/** @throws RangeError for an algorithm that rust-keyvault does not have */
export function checkRustAlgorithm({ id, algorithm }: KeyFields): RustAlgorithm {
  if (algorithm !== 'HmacSha256') return algorithm;
  throw wrongArgument('range', `rust-keyvault has no ${algorithm}, which key ${id} is for`);
}
