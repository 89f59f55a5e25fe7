import { createSecretKey, type KeyObject } from 'node:crypto';
import { hchacha } from '@noble/ciphers/chacha.js';
import { wipe } from '../hygiene/wipe.ts';

/** "expand 32-byte k", the constant of ChaCha (RFC 8439, 2.3), as the words that hchacha takes. */
const SIGMA = words('expand 32-byte k');

/** Of the 24 bytes of a nonce the first ones make the key, and the last ones are the nonce. */
export const SUBKEY_NONCE_BYTES = 16;

const key = new Uint32Array(8);
const prefix = new Uint32Array(4);
const subkey = new Uint32Array(8);
const keyBytes = Buffer.from(key.buffer);
const prefixBytes = Buffer.from(prefix.buffer);
const subkeyBytes = Buffer.from(subkey.buffer);

/** What ChaCha20-Poly1305 takes in place of a key and a nonce of XChaCha20-Poly1305. */
export interface ChaChaInput {
  readonly key: KeyObject;
  readonly nonce: Uint8Array;
}

/**
 * Reduces XChaCha20-Poly1305 to ChaCha20-Poly1305, which OpenSSL has (draft-irtf-cfrg-xchacha, 2.3).
 * Lengths are the caller's to check.
 */
export function xchachaInput(secret: KeyObject | Uint8Array, nonce: Uint8Array): ChaChaInput {
  return { key: xchachaSubkey(secret, nonce), nonce: xchachaRest(nonce) };
}

/** The key that HChaCha20 makes of a key and the first 16 bytes of a nonce. */
export function xchachaSubkey(secret: KeyObject | Uint8Array, nonce: Uint8Array): KeyObject {
  prefixBytes.set(nonce.subarray(0, SUBKEY_NONCE_BYTES));
  try {
    if (secret instanceof Uint8Array) keyBytes.set(secret);
    else takeKey(secret);
    hchacha(SIGMA, key, prefix, subkey);
    return createSecretKey(subkeyBytes);
  } finally {
    wipe(keyBytes, subkeyBytes);
  }
}

/** The nonce that goes with it: the last 8 bytes behind four zeros. */
export function xchachaRest(nonce: Uint8Array): Uint8Array {
  const short = Buffer.alloc(12);
  short.set(nonce.subarray(SUBKEY_NONCE_BYTES), 4);
  return short;
}

function takeKey(secret: KeyObject): void {
  const exported = secret.export();
  keyBytes.set(exported);
  wipe(exported);
}

/** Bytes seen as words in the order of the machine, as hchacha expects them. */
function words(text: string): Uint32Array {
  const found = new Uint32Array(text.length / 4);
  Buffer.from(found.buffer).write(text, 'latin1');
  return found;
}
