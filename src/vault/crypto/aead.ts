import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type Decipheriv,
  KeyObject,
} from 'node:crypto';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import { wipe, wipeable, wipeFreed } from '../hygiene/wipe.ts';
import { type AeadAlgorithm, KEY_BYTES, NONCE_BYTES } from '../keys/algorithm.ts';
import { openChaCha } from './chacha-open.ts';
import { xchachaInput } from './xchacha.ts';

/** All three algorithms end their output with a tag of that length. */
export const TAG_BYTES = 16;

export interface SealInput {
  readonly nonce: Uint8Array;
  /** Associated data: authenticated with the rest and not in the output; may be empty. */
  readonly aad: Uint8Array;
  readonly plaintext: Uint8Array;
  /** What stands before the ciphertext in the output, as it is: a large one is then copied once. */
  readonly prefix?: readonly Uint8Array[] | undefined;
}

export interface OpenInput {
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  /** What `sealAead` returned. */
  readonly sealed: Uint8Array;
  /** Whether more of that length is opened next, which writes over what Node frees. Default false. */
  readonly isFollowed?: boolean | undefined;
  /**
   * Whether it is the vault's own to keep, a key or a value: up to 4 MiB of it are decrypted with no
   * copy left behind for certain, by ChaCha20; that is slow. Default false.
   */
  readonly isKept?: boolean | undefined;
}

/**
 * Encrypts and authenticates: AES-256-GCM (NIST SP 800-38D), ChaCha20-Poly1305 (RFC 8439) or
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha). The caller answers for the nonce being used once. A
 * `KeyObject` is the fastest form of a key. Returns
 *
 *     0 · n  · ciphertext, as long as the plaintext
 *     n · 16 · tag
 */
export function sealAead(
  algorithm: AeadAlgorithm,
  key: KeyObject | Uint8Array,
  input: SealInput,
): Buffer {
  const { ciphertext, tag } = sealApart(algorithm, key, input);
  return Buffer.concat([...(input.prefix ?? []), ciphertext, tag]);
}

/** The same without putting the two together: a copy costs half as much as to encrypt. */
export function sealApart(
  algorithm: AeadAlgorithm,
  key: KeyObject | Uint8Array,
  { nonce, aad, plaintext }: Omit<SealInput, 'prefix'>,
): { readonly ciphertext: Buffer; readonly tag: Buffer } {
  const input = cipherInput(algorithm, key, nonce);
  const cipher =
    input.name === 'aes-256-gcm'
      ? createCipheriv(input.name, input.key, input.nonce)
      : createCipheriv(input.name, input.key, input.nonce);
  if (aad.length > 0) cipher.setAAD(aad, { plaintextLength: plaintext.length });
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return { ciphertext, tag: cipher.getAuthTag() };
}

/**
 * The plaintext of what `sealAead` made, in a buffer of its own that is the caller's to wipe.
 * @throws DECRYPT_FAILED when anything differs: key, nonce, associated data, or one bit of it
 */
export function openAead(
  algorithm: AeadAlgorithm,
  key: KeyObject | Uint8Array,
  { nonce, aad, sealed, isFollowed = false, isKept = false }: OpenInput,
): Buffer {
  const input = cipherInput(algorithm, key, nonce);
  const end = sealed.length - TAG_BYTES;
  if (end < 0) throw decryptFailed();
  if (isKept && end > CRUMBS_BYTES_MAX && end <= KEPT_BYTES_MAX && input.name !== 'aes-256-gcm') {
    const kept = openChaCha(input.key, { nonce: input.nonce, aad, sealed }, TAG_BYTES);
    if (kept) return kept;
    throw decryptFailed();
  }
  const decipher =
    input.name === 'aes-256-gcm'
      ? createDecipheriv(input.name, input.key, input.nonce, TAG)
      : createDecipheriv(input.name, input.key, input.nonce, TAG);
  decipher.setAuthTag(sealed.subarray(end));
  if (aad.length > 0) decipher.setAAD(aad, { plaintextLength: end });
  const plaintext = decrypted(decipher, sealed.subarray(0, end), isFollowed);
  try {
    decipher.final();
    return plaintext;
  } catch {
    // Not authentic, so nobody may see it.
    wipe(plaintext);
    throw decryptFailed();
  }
}

const TAG = { authTagLength: TAG_BYTES } as const;

/** Some 40 ms of JavaScript. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Small enough for the part of glibc's allocator that gives out first what was freed last, and an
 * odd size among those of other things.
 */
const PIECE_BYTES = 1000;

/** Beyond that, pieces would take several times as long as the whole. */
const PIECES_BYTES_MAX = 16 * 1024;

/** With the byte that is added, what the allocator writes into what is freed covers all of it. */
const CRUMB_BYTES = 15;

/** Of that size are also things that are made in between, and get what was freed. */
const CRUMBS_BYTES_MAX = 72;

/**
 * Node allocates a byte more than a stream cipher puts out, copies what is needed, and frees the
 * first as it is. In pieces of one size, each is written over by the next.
 */
function decrypted(decipher: Decipheriv, ciphertext: Uint8Array, isFollowed: boolean): Buffer {
  const sizeBytes = ciphertext.length;
  if (sizeBytes <= CRUMBS_BYTES_MAX) return inPieces(decipher, ciphertext, CRUMB_BYTES);
  if (sizeBytes <= PIECE_BYTES || sizeBytes > PIECES_BYTES_MAX) {
    const plaintext = decipher.update(ciphertext);
    if (!isFollowed) wipeFreed(sizeBytes + 1);
    return plaintext;
  }
  return inPieces(decipher, ciphertext, PIECE_BYTES);
}

function inPieces(decipher: Decipheriv, ciphertext: Uint8Array, pieceBytes: number): Buffer {
  const plaintext = wipeable(ciphertext.length);
  let end = ciphertext.length % pieceBytes || pieceBytes;
  for (let at = 0; at < ciphertext.length; at = end, end += pieceBytes) {
    const piece = decipher.update(ciphertext.subarray(at, end));
    if (at === 0 && end > CRUMB_BYTES) wipeFreed(end + 1);
    plaintext.set(piece, at);
    wipe(piece);
  }
  if (pieceBytes > CRUMB_BYTES) wipeFreed(pieceBytes + 1);
  return plaintext;
}

function decryptFailed(): HoldfastError {
  return new HoldfastError('DECRYPT_FAILED', 'the ciphertext is not authentic');
}

interface CipherInput {
  readonly name: 'aes-256-gcm' | 'chacha20-poly1305';
  readonly key: KeyObject;
  readonly nonce: Uint8Array;
}

function cipherInput(
  algorithm: AeadAlgorithm,
  key: KeyObject | Uint8Array,
  nonce: Uint8Array,
): CipherInput {
  const keyBytes = key instanceof KeyObject ? key.symmetricKeySize : key.length;
  if (keyBytes !== KEY_BYTES) throw wrongLength(`a key of ${algorithm}`, KEY_BYTES, keyBytes);
  if (nonce.length !== NONCE_BYTES[algorithm]) {
    throw wrongLength(`a nonce of ${algorithm}`, NONCE_BYTES[algorithm], nonce.length);
  }
  if (algorithm === 'XChaCha20Poly1305') {
    return { name: 'chacha20-poly1305', ...xchachaInput(key, nonce) };
  }
  const name = algorithm === 'Aes256Gcm' ? 'aes-256-gcm' : 'chacha20-poly1305';
  // Handing bytes to a cipher costs four times as much as making a key of them first (Node 24).
  return { name, key: key instanceof KeyObject ? key : createSecretKey(key), nonce };
}

function wrongLength(what: string, expected: number, found: number | undefined): Error {
  return wrongArgument('range', `${what} has ${expected} bytes, not ${found ?? 'none'}`);
}
