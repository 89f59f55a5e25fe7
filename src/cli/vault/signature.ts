import { Failure } from '../failure.ts';

/** A signature or a MAC, and the version of a key that made it. */
export interface Signature {
  readonly keyId: string;
  readonly bytes: Uint8Array;
}

/** `id:base64`, on one line. */
export function signatureText({ keyId, bytes }: Signature): string {
  return `${keyId}:${Buffer.from(bytes).toString('base64')}`;
}

/** What `signatureText` wrote, in any place. */
export function parseSignature(text: string): Signature {
  const [, keyId, base64] = /^([0-9a-f]{32}):([A-Za-z0-9+/]{1,100}={0,2})$/.exec(text.trim()) ?? [];
  if (keyId === undefined || base64 === undefined) {
    throw new Failure(2, 'this is no signature as sign prints it: id:base64');
  }
  return { keyId, bytes: Buffer.from(base64, 'base64') };
}
