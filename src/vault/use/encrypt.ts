import { HoldfastError, wrongArgument } from '../../errors.ts';
import { openAead, sealAead } from '../crypto/aead.ts';
import { type AeadAlgorithm, type Algorithm, isAead, NONCE_BYTES } from '../keys/algorithm.ts';
import type { KeyEntry } from '../keys/key-record.ts';
import { aadOf, type Ciphertext } from './ciphertext.ts';
import type { OpenedKey } from './opened-keys.ts';
import { fillNonce } from './random-pool.ts';
import { isCommitted } from './session-key.ts';

/** @throws TypeError for a key that is for something else */
export function encryptWith(
  { info }: KeyEntry,
  opened: OpenedKey,
  plaintext: Uint8Array,
  bound: Uint8Array | undefined,
): Buffer {
  const algorithm = requireAead(info.algorithm);
  const { session, header } = opened.own(algorithm);
  const nonce = new Uint8Array(NONCE_BYTES[algorithm]);
  fillNonce(nonce);
  const aad = aadOf(header, bound);
  return sealAead(algorithm, session.key, { nonce, aad, plaintext, prefix: [header, nonce] });
}

/** @throws DECRYPT_FAILED */
export function decryptWith(
  { info }: KeyEntry,
  opened: OpenedKey,
  ciphertext: Ciphertext,
  bound: Uint8Array | undefined,
): Buffer {
  const { algorithm, salt, commitment, header, nonce, sealed } = ciphertext;
  if (info.algorithm !== algorithm) throw notAuthentic();
  const session = opened.session(algorithm, salt);
  if (!isCommitted(session, commitment)) throw notAuthentic();
  return openAead(algorithm, session.key, { nonce, aad: aadOf(header, bound), sealed });
}

/** @throws TypeError */
export function requireAead(algorithm: Algorithm): AeadAlgorithm {
  if (isAead(algorithm)) return algorithm;
  throw wrongArgument('type', `a key for ${algorithm} does not encrypt`);
}

export function notAuthentic(): HoldfastError {
  return new HoldfastError('DECRYPT_FAILED', 'the ciphertext is not authentic');
}
