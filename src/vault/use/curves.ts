import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { wrongArgument } from '../../errors.ts';
import { wipe } from '../hygiene/wipe.ts';
import { KEY_BYTES } from '../keys/algorithm.ts';

export type Curve = 'Ed25519' | 'X25519';

// DER before the 32 bytes: PKCS #8 (RFC 8410, 7) and SubjectPublicKeyInfo (RFC 8410, 4).
const PRIVATE: Readonly<Record<Curve, Buffer>> = {
  Ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
  X25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
};
const PUBLIC: Readonly<Record<Curve, Buffer>> = {
  Ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  X25519: Buffer.from('302a300506032b656e032100', 'hex'),
};

/** Of a seed (Ed25519) or a scalar (X25519). */
export function privateKeyOf(curve: Curve, material: KeyObject): KeyObject {
  const bytes = material.export();
  const der = Buffer.concat([PRIVATE[curve], bytes]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    wipe(bytes);
    wipe(der);
  }
}

/** @throws RangeError */
export function publicKeyOf(curve: Curve, bytes: Uint8Array): KeyObject {
  if (bytes.length !== KEY_BYTES) {
    const found = bytes.length;
    throw wrongArgument('range', `a public key of ${curve} has ${KEY_BYTES} bytes, not ${found}`);
  }
  const key = Buffer.concat([PUBLIC[curve], bytes]);
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

/** The 32 bytes to be given to others. */
export function publicBytes(curve: Curve, privateKey: KeyObject): Buffer {
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return der.subarray(PUBLIC[curve].length);
}
