import { createSecretKey, type KeyObject } from 'node:crypto';
import { hchacha } from '@noble/ciphers/chacha.js';
import { wipe } from '../hygiene/wipe.ts';

/** "expand 32-byte k", the constant of ChaCha (RFC 8439, 2.3), as the words that hchacha takes. */
const SIGMA = words('expand 32-byte k');

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
 * Reduces XChaCha20-Poly1305 to ChaCha20-Poly1305, which OpenSSL has (draft-irtf-cfrg-xchacha, 2.3):
 * HChaCha20 makes a key of the key and the first 16 bytes of the nonce; the last 8, behind four
 * zeros, are the nonce. Lengths are the caller's to check.
 */
export function xchachaInput(secret: KeyObject | Uint8Array, nonce: Uint8Array): ChaChaInput {
  const short = Buffer.alloc(12);
  short.set(nonce.subarray(16), 4);
  prefixBytes.set(nonce.subarray(0, 16));
  try {
    if (secret instanceof Uint8Array) keyBytes.set(secret);
    else takeKey(secret);
    hchacha(SIGMA, key, prefix, subkey);
    return { key: createSecretKey(subkeyBytes), nonce: short };
  } finally {
    wipe(keyBytes, subkeyBytes);
  }
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
