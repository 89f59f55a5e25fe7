import { createHmac, diffieHellman, sign, timingSafeEqual, verify } from 'node:crypto';
import { wrongArgument } from '../../errors.ts';
import { hkdf } from '../crypto/derive.ts';
import { transcript } from '../crypto/transcript.ts';
import { Secret } from '../hygiene/secret.ts';
import { wipe } from '../hygiene/wipe.ts';
import { isSymmetric } from '../keys/algorithm.ts';
import { keyIdBytes } from '../keys/key-id.ts';
import type { KeyEntry } from '../keys/key-record.ts';
import { publicBytes, publicKeyOf } from './curves.ts';
import { type OpenedKey, requireAlgorithm } from './opened-keys.ts';

const EMPTY = new Uint8Array(0);
const LENGTH_MAX = 255 * 32;

export interface DeriveOptions {
  /** What the derived key is for. */
  readonly info?: Uint8Array | undefined;
  readonly salt?: Uint8Array | undefined;
  /** Default 32; 1 to 8,160. */
  readonly lengthBytes?: number | undefined;
}

/** Ed25519 (RFC 8032): 64 bytes. */
export function signWith(opened: OpenedKey, data: Uint8Array): Buffer {
  return sign(null, data, opened.privateKey('Ed25519'));
}

export function isSignedBy(opened: OpenedKey, data: Uint8Array, signature: Uint8Array): boolean {
  const bytes = publicBytes('Ed25519', opened.privateKey('Ed25519'));
  return verify(null, data, publicKeyOf('Ed25519', bytes), signature);
}

/** HMAC-SHA256: 32 bytes. */
export function hmacWith(entry: KeyEntry, opened: OpenedKey, data: Uint8Array): Buffer {
  requireAlgorithm(entry, 'HmacSha256');
  return createHmac('sha256', opened.material).update(data).digest();
}

export function isMac(expected: Uint8Array, mac: Uint8Array): boolean {
  return expected.length === mac.length && timingSafeEqual(expected, mac);
}

/** HKDF-SHA256 of a symmetric key. It never comes to what the vault itself derives of it. */
export function deriveWith(entry: KeyEntry, opened: OpenedKey, options: DeriveOptions): Secret {
  if (!isSymmetric(entry.info.algorithm)) {
    throw wrongArgument('type', `key ${entry.info.id} is no symmetric key to derive from`);
  }
  const { info = EMPTY, salt = EMPTY, lengthBytes = 32 } = options;
  const use = transcript('holdfast derive', 1, keyIdBytes(entry.info.id), info);
  return secretOf(hkdfOf(opened.material, { salt, info: use, lengthBytes }));
}

/**
 * X25519 (RFC 7748) with the public key of another, and HKDF-SHA256 over what both then share. The
 * two public keys are part of it, in the order of their bytes, so both sides come to the same.
 * @throws RangeError for a public key that is none, or of small order
 */
export function agreeWith(opened: OpenedKey, peer: Uint8Array, options: DeriveOptions): Secret {
  const { info = EMPTY, salt = EMPTY, lengthBytes = 32 } = options;
  const privateKey = opened.privateKey('X25519');
  const own = publicBytes('X25519', privateKey);
  const both = [own, Buffer.from(peer)].toSorted((a, b) => a.compare(b));
  const shared = sharedSecret(() =>
    diffieHellman({ privateKey, publicKey: publicKeyOf('X25519', peer) }),
  );
  try {
    const use = transcript('holdfast agree', 1, ...both, info);
    return secretOf(hkdfOf(shared, { salt, info: use, lengthBytes }));
  } finally {
    wipe(shared);
  }
}

function hkdfOf(
  key: Parameters<typeof hkdf>[1]['key'],
  input: { readonly salt: Uint8Array; readonly info: Uint8Array; readonly lengthBytes: number },
): Buffer {
  const { lengthBytes, info } = input;
  if (!Number.isInteger(lengthBytes) || lengthBytes < 1 || lengthBytes > LENGTH_MAX) {
    throw wrongArgument('range', `lengthBytes must be from 1 to ${LENGTH_MAX}, not ${lengthBytes}`);
  }
  // OpenSSL takes no more than 1,024.
  if (info.length > 1024) throw wrongArgument('range', 'info must be at most 960 bytes');
  return hkdf('sha256', { key, ...input });
}

function secretOf(bytes: Buffer): Secret {
  try {
    return new Secret(bytes);
  } finally {
    wipe(bytes);
  }
}

function sharedSecret(agree: () => Buffer): Buffer {
  try {
    return agree();
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw wrongArgument('range', 'no secret can be shared with that public key');
  }
}
