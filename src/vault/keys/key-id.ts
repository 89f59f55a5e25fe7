import { createHash, randomBytes } from 'node:crypto';
import { wrongArgument } from '../../errors.ts';

declare const keyId: unique symbol;

/** 16 bytes that name one version of a key, as 32 lowercase hexadecimal digits. */
export type KeyId = string & { readonly [keyId]: true };

export const KEY_ID_BYTES = 16;

/** Versions are counted in 32 bits. */
export const VERSION_MAX = 0xffff_ffff;

export function isKeyId(text: string): text is KeyId {
  return /^[0-9a-f]{32}$/.test(text);
}

/** A new id from the system's random numbers. */
export function newKeyId(): KeyId {
  return keyIdOf(randomBytes(KEY_ID_BYTES));
}

/** @throws RangeError when the text is not 32 lowercase hexadecimal digits */
export function parseKeyId(text: string): KeyId {
  if (typeof text !== 'string') throw wrongArgument('type', 'a key id must be text');
  if (!isKeyId(text)) {
    throw wrongArgument('range', `a key id is 32 lowercase hexadecimal digits, not '${text}'`);
  }
  return text;
}

/** @throws RangeError when there are not exactly 16 bytes */
export function keyIdOf(bytes: Uint8Array): KeyId {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  return bytes.length === KEY_ID_BYTES ? (text as KeyId) : parseKeyId(text);
}

export function keyIdBytes(id: KeyId): Buffer {
  return Buffer.from(id, 'hex');
}

const VERSION_LABEL = Buffer.from('rust-keyvault-version');

/**
 * The id of one version of a key, as rust-keyvault 0.2 derives it: the first 16 bytes of SHA-256
 * over the 16 bytes of the base id, the version as 4 bytes little-endian, and a label. By custom
 * the first version is the exception: its id is the base id.
 */
export function versionId(baseId: KeyId, version: number): KeyId {
  if (!Number.isInteger(version) || version < 0 || version > VERSION_MAX) {
    throw wrongArgument('range', `a version is an integer of 0 to ${VERSION_MAX}, not ${version}`);
  }
  const count = Buffer.alloc(4);
  count.writeUInt32LE(version);
  const hash = createHash('sha256').update(keyIdBytes(baseId)).update(count).update(VERSION_LABEL);
  return keyIdOf(hash.digest().subarray(0, KEY_ID_BYTES));
}

/** The form in which rust-keyvault names files and writes audit records: `KeyId([1, 2, …])`. */
export function debugKeyId(id: KeyId): string {
  return `KeyId([${keyIdBytes(id).join(', ')}])`;
}

/** The id that `debugKeyId` wrote so; undefined for any other text. */
export function parseDebugKeyId(text: string): KeyId | undefined {
  const list = /^KeyId\(\[((?:\d{1,3}, ){15}\d{1,3})\]\)$/.exec(text)?.[1];
  if (list === undefined) return undefined;
  const id = keyIdOf(Uint8Array.from(list.split(', '), Number));
  return debugKeyId(id) === text ? id : undefined;
}
