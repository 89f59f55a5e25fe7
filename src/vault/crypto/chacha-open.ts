import type { KeyObject } from 'node:crypto';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { wipe, wipeable } from '../hygiene/wipe.ts';

/**
 * The plaintext of ChaCha20-Poly1305 (RFC 8439), the caller's to wipe, or undefined when it is not
 * authentic. In JavaScript, into memory of ours: OpenSSL is many times as fast, but what is in
 * between frees a copy that it has not wiped.
 */
export function openChaCha(
  key: KeyObject,
  input: { readonly nonce: Uint8Array; readonly aad: Uint8Array; readonly sealed: Uint8Array },
  tagBytes: number,
): Buffer | undefined {
  const { nonce, aad, sealed } = input;
  const plaintext = wipeable(sealed.length - tagBytes);
  const keyBytes = key.export();
  try {
    chacha20poly1305(keyBytes, nonce, aad).decrypt(sealed, plaintext);
    return plaintext;
  } catch {
    return undefined;
  } finally {
    wipe(keyBytes);
  }
}
