import { timingSafeEqual } from 'node:crypto';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import { openAead, sealAead, TAG_BYTES } from '../crypto/aead.ts';
import { type Argon2Params, checkArgon2 } from '../crypto/argon2.ts';
import { hkdf } from '../crypto/derive.ts';
import { transcript } from '../crypto/transcript.ts';
import { wipe } from '../hygiene/wipe.ts';
import { NONCE_BYTES } from '../keys/algorithm.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { COMMENT_MAX_BYTES } from './export-v1.ts';
import { unlockFailed } from './rust-kdf.ts';

/** What a file of ours has. */
export type EnvelopeKind = 'export' | 'backup';

/**
 * A file of ours, format 2, read and not yet opened:
 *
 *       0 · 8  · "holdfast"
 *       8 · 1  · 2, the format
 *       9 · 1  · 1 for an export, 2 for a backup
 *      10 · 4  · memory of Argon2id in KiB
 *      14 · 1  · its passes
 *      15 · 1  · its lanes
 *      16 · 32 · salt
 *      48 · 32 · commitment to the key
 *      80 · 24 · nonce
 *     104 · 8  · when it was made, epoch ms
 *     112 · 4  · length c of the comment
 *     116 · c  · comment in UTF-8
 *   116+c · 4  · length n of the contents
 *   120+c · n  · the encrypted contents
 *     end-16 · 16 · tag
 *
 * Integers are big-endian. All before the contents is the associated data of their encryption, by
 * XChaCha20-Poly1305.
 */
export interface Envelope {
  readonly kind: EnvelopeKind;
  readonly params: Argon2Params;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  readonly nonce: Uint8Array;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Readable for everybody, and authenticated. */
  readonly comment: string | undefined;
  /** All that is authenticated with the contents. */
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}

const MAGIC = Buffer.from('holdfast');
const FORMAT = 2;
const KINDS = [undefined, 'export', 'backup'] as const;

/** As long as the key that comes of it. */
export const ENVELOPE_SALT_BYTES = 32;
const COMMITMENT_BYTES = 32;
const ALGORITHM = 'XChaCha20Poly1305';

/** A million keys; it is in memory twice while it is made. */
export const CONTENTS_MAX_BYTES = 256 * 1024 * 1024;

/** Whether these are the first bytes of a file of ours. */
export function isEnvelope(source: string | Uint8Array): source is Uint8Array {
  return typeof source !== 'string' && MAGIC.equals(source.subarray(0, MAGIC.length));
}

/**
 * Reads a file without opening it.
 * @throws FORMAT_INVALID; KDF_LIMITS for costs that will not be run
 */
export function parseEnvelope(source: Uint8Array, kind: EnvelopeKind): Envelope {
  const reader = new ByteReader(kind, source);
  if (!MAGIC.equals(reader.bytes(MAGIC.length))) reader.fail('no file of Holdfast');
  const format = reader.u8();
  if (format !== FORMAT) reader.fail(`format ${format}, not ${FORMAT}`);
  const found = reader.oneOf(KINDS) ?? reader.fail('neither an export nor a backup');
  if (found !== kind) reader.fail(`an ${found}, not an ${kind}`.replaceAll('an b', 'a b'));
  const params = { memoryKib: reader.u32(), passes: reader.u8(), parallelism: reader.u8() };
  checkArgon2(params, ENVELOPE_SALT_BYTES);
  const salt = reader.bytes(ENVELOPE_SALT_BYTES);
  const commitment = reader.bytes(COMMITMENT_BYTES);
  const nonce = reader.bytes(NONCE_BYTES[ALGORITHM]);
  const createdAt = reader.u64();
  const comment = reader.text(COMMENT_MAX_BYTES) || undefined;
  const length = reader.u32(CONTENTS_MAX_BYTES + TAG_BYTES);
  const header = source.subarray(0, reader.offset);
  const sealed = reader.bytes(length);
  reader.end();
  return { kind, params, salt, commitment, nonce, createdAt, comment, header, sealed };
}

export interface EnvelopeSealing {
  readonly kind: EnvelopeKind;
  readonly params: Argon2Params;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly createdAt: number;
  readonly comment: string | undefined;
  /** Argon2id of the password with that salt and those costs. */
  readonly stretched: Uint8Array;
}

/** The file. @throws RangeError for more contents than our own reader takes */
export function sealEnvelope(contents: Uint8Array, sealing: EnvelopeSealing): Buffer {
  if (contents.length > CONTENTS_MAX_BYTES) {
    throw wrongArgument('range', `a ${sealing.kind} has at most ${CONTENTS_MAX_BYTES} bytes`);
  }
  const { params, salt, nonce, stretched } = sealing;
  const { key, commitment } = keysOf(stretched, salt);
  try {
    const writer = new ByteWriter();
    writer.bytes(MAGIC);
    writer.u8(FORMAT);
    writer.u8(KINDS.indexOf(sealing.kind));
    writer.u32(params.memoryKib);
    writer.u8(params.passes);
    writer.u8(params.parallelism);
    writer.bytes(salt);
    writer.bytes(commitment);
    writer.bytes(nonce);
    writer.u64(sealing.createdAt);
    writer.text(sealing.comment ?? '');
    writer.u32(contents.length + TAG_BYTES);
    const header = writer.finish();
    const sealed = sealAead(ALGORITHM, key, { nonce, aad: header, plaintext: contents });
    return Buffer.concat([header, sealed]);
  } finally {
    wipe(key);
  }
}

/**
 * The contents, the caller's to wipe; `stretched` is Argon2id of the password with the file's salt
 * and costs.
 * @throws UNLOCK_FAILED for another key; TAMPERED when the key is right and the file was changed
 */
export function openEnvelope(
  { salt, commitment, nonce, header, sealed, kind }: Envelope,
  stretched: Uint8Array,
): Buffer {
  const keys = keysOf(stretched, salt);
  try {
    if (!timingSafeEqual(keys.commitment, commitment)) throw unlockFailed();
    return openAead(ALGORITHM, keys.key, { nonce, aad: header, sealed, isKept: true });
  } catch (error) {
    const isForeign = error instanceof HoldfastError && error.code === 'DECRYPT_FAILED';
    if (!isForeign) throw error;
    throw new HoldfastError('TAMPERED', `the ${kind} is not as it was written`, { cause: error });
  } finally {
    wipe(keys.key);
  }
}

/**
 * No key but this one has this commitment, so a file opens to one thing only, whoever made it:
 * XChaCha20-Poly1305 alone does not promise that.
 */
function keysOf(stretched: Uint8Array, salt: Uint8Array): { key: Buffer; commitment: Buffer } {
  const made = (purpose: string) =>
    hkdf('sha256', { key: stretched, salt, info: transcript('holdfast file', FORMAT, purpose) });
  return { key: made('contents'), commitment: made('commitment') };
}
