import { HoldfastError, wrongArgument } from '../errors.ts';
import type { Argon2Params } from './crypto/argon2.ts';
import { wipeableCopy } from './hygiene/wipe.ts';
import { runUnlockCommand } from './slots/command.ts';
import { createKeyFile, readKeyFile } from './slots/key-file.ts';
import { recipientPublicKey } from './slots/recipient.ts';
import { recoverySecret } from './slots/recovery.ts';
import type { Credential, NewSlot } from './slots/slots.ts';

/**
 * What opens a vault: one of the ways that were made for it. Bytes stay the caller's to wipe.
 */
export type Unlock =
  | { readonly password: Uint8Array }
  /** Path of a file that only its owner may read. */
  | { readonly keyFile: string }
  /** As it was shown when it was made. */
  | { readonly recoveryCode: Uint8Array }
  /** X25519, 32 bytes. */
  | { readonly privateKey: Uint8Array }
  /** Run without a shell; prints 16 bytes or more. */
  | { readonly command: readonly string[] };

/** A way to be made. */
export type NewUnlock =
  | {
      readonly password: Uint8Array;
      /** Default 64 MiB, 3 passes, 4 lanes (RFC 9106, 4). */
      readonly argon2?: Argon2Params | undefined;
    }
  /** Made, 32 random bytes that only its owner may read, when there is none. */
  | { readonly keyFile: string }
  | { readonly recoveryCode: Uint8Array }
  /** X25519, 32 bytes: whoever has the private key can open the vault. */
  | { readonly publicKey: Uint8Array }
  | { readonly command: readonly string[] };

/** A copy, to be wiped by who asked. @throws what reading it throws */
export async function credentialOf(unlock: Unlock, signal?: AbortSignal): Promise<Credential> {
  if ('password' in unlock) {
    return { kind: 'password', secret: wipeableCopy(bytesOf('a password', unlock.password)) };
  }
  if ('keyFile' in unlock) return { kind: 'key-file', secret: await readKeyFile(unlock.keyFile) };
  if ('recoveryCode' in unlock) {
    const code = bytesOf('a recovery code', unlock.recoveryCode);
    return { kind: 'recovery', secret: recoverySecret(code) };
  }
  if ('privateKey' in unlock) {
    const secret = wipeableCopy(bytesOf('a private key', unlock.privateKey));
    return { kind: 'recipient', secret };
  }
  if ('command' in unlock) {
    return { kind: 'command', secret: await runUnlockCommand(unlock.command, { signal }) };
  }
  throw wrongArgument(
    'type',
    'unlock needs a password, keyFile, recoveryCode, privateKey or command',
  );
}

/** What of a new slot is secret is a copy, to be wiped by who asked. */
export async function newSlotOf(wish: NewUnlock | Unlock, signal?: AbortSignal): Promise<NewSlot> {
  if ('publicKey' in wish) {
    return { kind: 'recipient', publicKey: bytesOf('a public key', wish.publicKey) };
  }
  if ('privateKey' in wish) {
    return {
      kind: 'recipient',
      publicKey: recipientPublicKey(bytesOf('a private key', wish.privateKey)),
    };
  }
  if ('keyFile' in wish) return { kind: 'key-file', secret: await keyFileAt(wish.keyFile) };
  const { kind, secret } = await credentialOf(wish, signal);
  if (kind === 'recipient') throw wrongArgument('type', 'a recipient is told by a public key');
  const argon2 = 'argon2' in wish ? wish.argon2 : undefined;
  return kind === 'password' ? { kind, secret, argon2 } : { kind, secret };
}

/** Text would be copied as zeros, one for each of its letters, and open to every other of its length. */
function bytesOf(what: string, value: Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw wrongArgument('type', `${what} must be bytes`);
}

/** Of several processes that find none, one makes it. */
async function keyFileAt(path: string): Promise<Buffer> {
  try {
    return await createKeyFile(path);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'CONFLICT') throw error;
    return await readKeyFile(path);
  }
}
