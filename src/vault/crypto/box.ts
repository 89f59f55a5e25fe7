import { type KeyObject, randomFillSync } from 'node:crypto';
import { HoldfastError } from '../../errors.ts';
import { openAead, sealAead, TAG_BYTES } from './aead.ts';
import { SUBKEY_NONCE_BYTES, xchachaRest, xchachaSubkey } from './xchacha.ts';

export const NONCE_BYTES = 24;

/** What sealing adds to the length of a plaintext. */
export const BOX_BYTES = NONCE_BYTES + TAG_BYTES;

/** Keys of others, whose boxes this process opens, that are kept. */
const SUBKEYS_MAX = 64;

/**
 * Seals any number of small records under one long-lived key (XChaCha20-Poly1305):
 *
 *     0  · 16 · random, drawn once by each process that seals
 *     16 · 8  · count of what that process has sealed, big-endian
 *     24 · n  · ciphertext
 *     n  · 16 · tag
 *
 * The first 24 bytes are the nonce. No two are the same: 128 random bits tell the processes apart.
 * As the random half stays, HChaCha20 runs once a process and not once a record.
 */
export class Box {
  readonly #key: KeyObject;
  readonly #nonce = Buffer.alloc(NONCE_BYTES);
  #own: KeyObject | undefined;
  #count = 0n;
  readonly #subkeys = new Map<string, KeyObject>();

  constructor(key: KeyObject) {
    this.#key = key;
  }

  seal(plaintext: Uint8Array, aad: Uint8Array): Buffer {
    this.#own ??= this.#begin();
    this.#count += 1n;
    this.#nonce.writeBigUInt64BE(this.#count, SUBKEY_NONCE_BYTES);
    return sealAead('ChaCha20Poly1305', this.#own, {
      ...{ nonce: xchachaRest(this.#nonce), aad, plaintext, prefix: [this.#nonce] },
    });
  }

  /** The plaintext, the caller's to wipe. @throws DECRYPT_FAILED */
  open(box: Uint8Array, aad: Uint8Array): Buffer {
    if (box.length < BOX_BYTES) {
      throw new HoldfastError('DECRYPT_FAILED', 'the record is cut short');
    }
    const sealed = box.subarray(NONCE_BYTES);
    return openAead('ChaCha20Poly1305', this.#subkeyOf(box), {
      ...{ nonce: xchachaRest(box.subarray(0, NONCE_BYTES)), aad, sealed, isKept: true },
    });
  }

  #begin(): KeyObject {
    randomFillSync(this.#nonce, 0, SUBKEY_NONCE_BYTES);
    return this.#subkeyOf(this.#nonce);
  }

  #subkeyOf(nonce: Uint8Array): KeyObject {
    const prefix = Buffer.from(nonce.buffer, nonce.byteOffset, SUBKEY_NONCE_BYTES);
    const name = prefix.toString('latin1');
    let subkey = this.#subkeys.get(name);
    if (subkey === undefined) {
      subkey = xchachaSubkey(this.#key, prefix);
      if (this.#subkeys.size >= SUBKEYS_MAX) this.#subkeys.clear();
      this.#subkeys.set(name, subkey);
    }
    return subkey;
  }
}
