import { isSecretName } from '../secrets/reference.ts';
import { TAG_LENGTH_MAX, TAGS_MAX, VALUE_BYTES_MAX } from '../secrets/secrets.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/** A named secret with all its values, on its way from a vault to another, or back. */
export interface CarriedSecret {
  readonly name: string;
  /** By name, in the order of names. */
  readonly tags: readonly (readonly [name: string, value: string])[];
  readonly createdAt: number;
  readonly deletedAt: number | undefined;
  readonly purgeAt: number | undefined;
  /** Oldest first, at least one. */
  readonly versions: readonly CarriedValue[];
}

export interface CarriedValue {
  readonly version: number;
  readonly createdAt: number;
  readonly value: Uint8Array;
}

const NAME_MAX_BYTES = 200;

/** A unit of UTF-16 has three bytes of UTF-8 at most. */
const TAG_MAX_BYTES = TAG_LENGTH_MAX * 3;

/**
 * A secret in a backup of ours; texts and values are a length of 4 bytes and their bytes:
 *
 *     text   · name
 *     4      · number of tags; for each of them
 *       text · name
 *       text · value
 *     8      · created, epoch ms
 *     8      · deleted, epoch ms, or all ones
 *     8      · to be purged, epoch ms, or all ones
 *     4      · number of values; for each of them
 *       8    · version
 *       8    · created, epoch ms
 *       4+n  · value
 */
export function writeSecret(writer: ByteWriter, secret: CarriedSecret): void {
  writer.text(secret.name);
  writer.u32(secret.tags.length);
  for (const text of secret.tags.flat()) writer.text(text);
  writer.u64(secret.createdAt);
  writer.time(secret.deletedAt);
  writer.time(secret.purgeAt);
  writer.u32(secret.versions.length);
  for (const { version, createdAt, value } of secret.versions) {
    writer.u64(version);
    writer.u64(createdAt);
    writer.counted(value);
  }
}

/** Its values lie in the memory of the source. @throws FORMAT_INVALID */
export function readSecret(reader: ByteReader): CarriedSecret {
  const name = reader.text(NAME_MAX_BYTES);
  if (!isSecretName(name)) reader.fail('no name of a secret');
  const tags = readTags(reader);
  const createdAt = reader.u64();
  const [deletedAt, purgeAt] = [reader.time(), reader.time()];
  if ((deletedAt === undefined) !== (purgeAt === undefined)) reader.fail('deleted by half');
  const versions = readVersions(reader);
  return { name, tags, createdAt, deletedAt, purgeAt, versions };
}

function readTags(reader: ByteReader): CarriedSecret['tags'] {
  const tags: [string, string][] = [];
  for (let left = reader.u32(TAGS_MAX); left > 0; left -= 1) {
    const [name, value] = [reader.text(TAG_MAX_BYTES), reader.text(TAG_MAX_BYTES)];
    if (Math.max(name.length, value.length) > TAG_LENGTH_MAX) reader.fail('a tag is too long');
    const before = tags.at(-1)?.[0];
    if (before !== undefined && before >= name) reader.fail('tags are not in their order');
    tags.push([name, value]);
  }
  return tags;
}

function readVersions(reader: ByteReader): CarriedSecret['versions'] {
  const versions: CarriedValue[] = [];
  for (let left = reader.u32(); left > 0; left -= 1) {
    const version = reader.u64();
    if (version <= (versions.at(-1)?.version ?? 0)) reader.fail('values are not in their order');
    versions.push({ version, createdAt: reader.u64(), value: reader.counted(VALUE_BYTES_MAX) });
  }
  if (versions.length === 0) reader.fail('a secret without a value');
  return versions;
}
