import { createHash } from 'node:crypto';
import { type KeyId, keyIdOf } from '../../src/vault/keys/key-id.ts';

/** Bytes that everybody can tell who knows the name. */
export function bytesOf(name: string, sizeBytes: number): Buffer {
  return createHash('shake256', { outputLength: sizeBytes }).update(name).digest();
}

/** The id of a key of that name. */
export function idOf(name: string): KeyId {
  return keyIdOf(bytesOf(`id of ${name}`, 16));
}

/** By which content is told in a journal. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}
