import { type KeyObject, randomBytes } from 'node:crypto';
import { openAead, sealApart, TAG_BYTES } from '../crypto/aead.ts';
import { xchachaInput } from '../crypto/xchacha.ts';
import { type AeadAlgorithm, NONCE_BYTES } from '../keys/algorithm.ts';
import { aadOf } from './ciphertext.ts';
import type { SessionKey } from './session-key.ts';

/*
 * A stream (STREAM of Hoang, Reyhanitabar, Rogaway and Vizár, 2015):
 * offset  0 · 66 · header, see `ciphertext.ts`
 * offset 66 · 7 or 19 · prefix of the nonces, random
 * then chunks: 262,144 bytes of ciphertext and a tag (16) each. The last chunk has less ciphertext,
 * 0 to 262,143 bytes: so it is known by its length, and every payload has one form.
 *
 * Nonce of a chunk: prefix ‖ its number (4, big-endian, from 0) ‖ 1 for the last and 0 for others.
 * Chunk 0 authenticates all that is before it, and what the caller binds; no other chunk opens where
 * chunk 0 did not, as the key is the stream's own.
 */

/**
 * What is held of a stream until it is authentic. Each chunk is a cipher of its own, 10 to 15 µs:
 * a quarter of what it costs to encrypt 64 KiB, and little beside 256.
 */
export const CHUNK_BYTES = 262_144;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

const TAIL_BYTES = 5;
const NOTHING = new Uint8Array(0);

export function prefixBytes(algorithm: AeadAlgorithm): number {
  return NONCE_BYTES[algorithm] - TAIL_BYTES;
}

export function freshPrefix(algorithm: AeadAlgorithm): Uint8Array {
  return randomBytes(prefixBytes(algorithm));
}

export interface ChunkInput {
  readonly session: SessionKey;
  readonly header: Uint8Array;
  readonly prefix: Uint8Array;
  readonly bound: Uint8Array | undefined;
}

/** Seals or opens the chunks of one stream, in their order. */
export class ChunkCipher {
  readonly #algorithm: AeadAlgorithm;
  readonly #key: KeyObject;
  readonly #nonce: Buffer;
  #aad: Uint8Array;
  #number = 0;

  constructor(algorithm: AeadAlgorithm, { session, header, prefix, bound }: ChunkInput) {
    const nonce = Buffer.alloc(NONCE_BYTES[algorithm]);
    nonce.set(prefix);
    // What HChaCha20 takes of the nonce is in the prefix, so one key does for all chunks.
    const isExtended = algorithm === 'XChaCha20Poly1305';
    const input = isExtended ? xchachaInput(session.key, nonce) : { key: session.key, nonce };
    this.#algorithm = isExtended ? 'ChaCha20Poly1305' : algorithm;
    this.#key = input.key;
    this.#nonce = Buffer.from(input.nonce);
    this.#aad = aadOf(Buffer.concat([header, prefix]), bound);
  }

  /** Ciphertext, and the tag that follows it. */
  seal(plaintext: Uint8Array, isLast: boolean): readonly Buffer[] {
    const sealed = sealApart(this.#algorithm, this.#key, { plaintext, ...this.#next(isLast) });
    return [sealed.ciphertext, sealed.tag];
  }

  /** The plaintext, once it is known to be authentic. @throws DECRYPT_FAILED */
  open(sealed: Uint8Array, isLast: boolean): Buffer {
    const isFollowed = !isLast;
    return openAead(this.#algorithm, this.#key, { sealed, isFollowed, ...this.#next(isLast) });
  }

  /** @throws RangeError beyond 2^32 chunks, 1 PiB */
  #next(isLast: boolean): { readonly nonce: Uint8Array; readonly aad: Uint8Array } {
    const at = this.#nonce.length - TAIL_BYTES;
    this.#nonce.writeUInt32BE(this.#number, at);
    this.#nonce[at + TAIL_BYTES - 1] = isLast ? 1 : 0;
    this.#number += 1;
    const aad = this.#aad;
    this.#aad = NOTHING;
    return { nonce: this.#nonce, aad };
  }
}
