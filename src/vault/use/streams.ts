import type { Transform } from 'node:stream';
import type { AuditEvent } from '../audit/event.ts';
import type { KeyId } from '../keys/key-id.ts';
import type { KeyEntry } from '../keys/key-record.ts';
import { requireKey, requireReading } from '../keys/require.ts';
import type { Session } from '../session.ts';
import { ChunkCipher, freshPrefix } from './chunk-cipher.ts';
import { headerOf } from './ciphertext.ts';
import { DecryptStream } from './decrypt-stream.ts';
import { notAuthentic, requireAead } from './encrypt.ts';
import { EncryptStream } from './encrypt-stream.ts';
import type { OpenedKey } from './opened-keys.ts';
import { deriveSession, freshSalt, isCommitted } from './session-key.ts';

/** A version of a key, for a use that was allowed. */
export interface Opened {
  readonly entry: KeyEntry;
  readonly opened: OpenedKey;
}

/** @throws TypeError for a key that is for something else */
export function encryptStreamWith(
  session: Session,
  { entry, opened }: Opened,
  bound: Uint8Array | undefined,
): Transform {
  const { id, algorithm: ofKey } = entry.info;
  const algorithm = requireAead(ofKey);
  const own = deriveSession(opened.material, { use: 'stream', id, algorithm, salt: freshSalt() });
  const [header, prefix] = [headerOf(algorithm, id, own), freshPrefix(algorithm)];
  return new EncryptStream({
    head: Buffer.concat([header, prefix]),
    chunks: new ChunkCipher(algorithm, { session: own, header, prefix, bound }),
    requireKey: () => requireAlive(session, id, 'encrypt a stream'),
    tell: (sizeBytes) => tell(session, { kind: 'EncryptionPerformed', keyId: id, sizeBytes }),
  });
}

/** `open` answers the version of that id, if it may decrypt. */
export function decryptStreamWith(
  session: Session,
  open: (id: KeyId) => Promise<Opened>,
  bound: Uint8Array | undefined,
): Transform {
  const aad = bound && Uint8Array.from(bound);
  return new DecryptStream(async ({ algorithm, keyId: id, header, salt, commitment }, prefix) => {
    const { entry, opened } = await open(id);
    const told = (success: boolean) =>
      tell(session, { kind: 'DecryptionPerformed', keyId: id, success });
    const own = deriveSession(opened.material, { use: 'stream', id, algorithm, salt });
    if (entry.info.algorithm !== algorithm || !isCommitted(own, commitment)) {
      await told(false);
      throw notAuthentic();
    }
    return {
      chunks: new ChunkCipher(algorithm, { session: own, header, prefix, bound: aad }),
      requireKey: () => requireAlive(session, id, 'decrypt a stream'),
      tell: told,
    };
  });
}

/**
 * What has begun goes on when the key is rotated, and ends where nobody could decrypt it.
 * @throws NOT_FOUND, KEY_STATE, KEY_EXPIRED, CLOSED
 */
async function requireAlive(session: Session, id: KeyId, what: string): Promise<void> {
  const book = session.peek() ?? (await session.read());
  requireReading(requireKey(book, id), what, session.now(book));
}

async function tell(session: Session, event: AuditEvent): Promise<void> {
  await session.uses?.tell(event);
}
