import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { wrongArgument } from '../../errors.ts';
import { wipe, wipeable, wipeableCopy } from '../hygiene/wipe.ts';
import { KEY_BYTES } from '../keys/algorithm.ts';
import type { RecipientSlot } from './slot.ts';
import { slotKey } from './slot-key.ts';

/** An X25519 key pair (RFC 7748): who has the public key can let the private one in. */
export interface RecipientKeys {
  readonly publicKey: Buffer;
  /** The caller's to wipe. */
  readonly privateKey: Buffer;
}

/** DER of a PKCS #8 and of an SPKI key of X25519, up to its 32 bytes (RFC 8410). */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_HEAD = Buffer.from('302a300506032b656e032100', 'hex');

export function newRecipientKeys(): RecipientKeys {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  try {
    return {
      publicKey: publicBytes(publicKey),
      privateKey: wipeableCopy(der.subarray(PRIVATE_HEAD.length)),
    };
  } finally {
    wipe(der);
  }
}

/** @throws RangeError for what is not 32 bytes */
export function recipientPublicKey(privateKey: Uint8Array): Buffer {
  return publicBytes(createPublicKey(privateObject(privateKey)));
}

/** What a slot for a public key has, and the key that seals it, the caller's to wipe. */
export interface Sending {
  readonly params: RecipientSlot;
  readonly key: Buffer;
}

/**
 * A key for whoever has the private key of `publicKey` and for nobody else, the sender included:
 * what it took to make it is forgotten.
 * @throws RangeError for what is no public key, those of small order among them
 */
export function sendingKey(publicKey: Uint8Array): Sending {
  checkLength('public', publicKey);
  const ephemeral = generateKeyPairSync('x25519');
  const params: RecipientSlot = {
    kind: 'recipient',
    publicKey: Buffer.from(publicKey),
    ephemeralKey: publicBytes(ephemeral.publicKey),
  };
  const key = agreedKey(ephemeral.privateKey, publicKey, params);
  if (key === undefined) throw wrongArgument('range', 'a public key of small order is no key');
  return { params, key };
}

/**
 * The key of a slot, the caller's to wipe; undefined when it is for another recipient.
 * @throws RangeError for a private key that is not 32 bytes
 */
export function receivingKey(privateKey: Uint8Array, params: RecipientSlot): Buffer | undefined {
  const own = privateObject(privateKey);
  if (!publicBytes(createPublicKey(own)).equals(params.publicKey)) return undefined;
  return agreedKey(own, params.ephemeralKey, params);
}

/** Both public keys are in it, as in age (C2SP age.md, X25519). */
function agreedKey(
  own: KeyObject,
  other: Uint8Array,
  { publicKey, ephemeralKey }: RecipientSlot,
): Buffer | undefined {
  const shared = agreed(own, other);
  if (shared === undefined) return undefined;
  try {
    return slotKey('recipient', shared, Buffer.concat([ephemeralKey, publicKey]));
  } finally {
    wipe(shared);
  }
}

/** Undefined where the other key is of small order, and the secret would be everybody's. */
function agreed(privateKey: KeyObject, other: Uint8Array): Buffer | undefined {
  const der = Buffer.concat([PUBLIC_HEAD, other]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  try {
    return diffieHellman({ privateKey, publicKey });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_OSSL_FAILED_DURING_DERIVATION') {
      return undefined;
    }
    throw error;
  }
}

function privateObject(privateKey: Uint8Array): KeyObject {
  checkLength('private', privateKey);
  const der = wipeable(PRIVATE_HEAD.length + KEY_BYTES);
  try {
    der.set(PRIVATE_HEAD);
    der.set(privateKey, PRIVATE_HEAD.length);
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    wipe(der);
  }
}

function publicBytes(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_HEAD.length);
}

function checkLength(which: 'public' | 'private', key: Uint8Array): void {
  if (key.length === KEY_BYTES) return;
  throw wrongArgument('range', `a ${which} key has ${KEY_BYTES} bytes, not ${key.length}`);
}
