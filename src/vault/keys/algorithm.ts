/** All that a key of the vault may be for. The first five are rust-keyvault's, by its names. */
export const ALGORITHMS = [
  'ChaCha20Poly1305',
  'XChaCha20Poly1305',
  'Aes256Gcm',
  'Ed25519',
  'X25519',
  'HmacSha256',
] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

/** Those that encrypt with associated data. */
export type AeadAlgorithm = 'ChaCha20Poly1305' | 'XChaCha20Poly1305' | 'Aes256Gcm';

/** Every key is that long: a symmetric key, a seed (Ed25519), or a scalar (X25519). */
export const KEY_BYTES = 32;

/** RFC 8439; draft-irtf-cfrg-xchacha; NIST SP 800-38D, the length that needs no further hashing. */
export const NONCE_BYTES: Readonly<Record<AeadAlgorithm, number>> = {
  ChaCha20Poly1305: 12,
  XChaCha20Poly1305: 24,
  Aes256Gcm: 12,
};

export function isAlgorithm(name: string): name is Algorithm {
  return ALGORITHMS.some((known) => known === name);
}

export function isAead(algorithm: Algorithm): algorithm is AeadAlgorithm {
  return Object.hasOwn(NONCE_BYTES, algorithm);
}

/** Whether the key itself is the secret that both sides share. */
export function isSymmetric(algorithm: Algorithm): boolean {
  return isAead(algorithm) || algorithm === 'HmacSha256';
}
