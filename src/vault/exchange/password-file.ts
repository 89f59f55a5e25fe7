import { randomBytes } from 'node:crypto';
import { wrongArgument } from '../../errors.ts';
import type { FileFormat } from '../audit/event.ts';
import { type Argon2Params, argon2id, checkArgon2 } from '../crypto/argon2.ts';
import { wipe } from '../hygiene/wipe.ts';
import { NONCE_BYTES } from '../keys/algorithm.ts';
import { checkNewPassword, PASSWORD_ARGON2 } from '../slots/password.ts';
import {
  ENVELOPE_SALT_BYTES,
  type EnvelopeKind,
  openEnvelope,
  parseEnvelope,
  sealEnvelope,
} from './envelope.ts';
import { checkComment } from './export-v1.ts';

const FORMATS: readonly FileFormat[] = ['holdfast', 'rust-keyvault-v1'];

/** How a file is made that a password opens. */
export interface FileWish {
  /** Default `holdfast`. */
  readonly format?: FileFormat | undefined;
  readonly comment?: string | undefined;
  /** Of our own format; 64 MiB, 3 passes, 4 lanes by default (RFC 9106, 4). */
  readonly argon2?: Argon2Params | undefined;
}

/** All that can be wrong about a file to be made, before anything is done. @throws RangeError, TypeError, KDF_LIMITS */
export function checkFileWish(password: Uint8Array, { format, comment, argon2 }: FileWish): void {
  assertPassword(password);
  checkNewPassword(password);
  if (format !== undefined && !FORMATS.includes(format)) {
    throw wrongArgument('range', `there is no format '${format}', only ${FORMATS.join(', ')}`);
  }
  if (comment !== undefined && typeof comment !== 'string') {
    throw wrongArgument('type', 'a comment must be text');
  }
  checkComment(comment);
  if (argon2) checkArgon2(argon2, ENVELOPE_SALT_BYTES);
}

/** What a file is opened with. @throws TypeError */
export function assertOpening(source: string | Uint8Array, password: Uint8Array): void {
  assertPassword(password);
  if (typeof source === 'string' || source instanceof Uint8Array) return;
  throw wrongArgument('type', 'a file must be bytes or text');
}

function assertPassword(password: Uint8Array): void {
  if (!(password instanceof Uint8Array)) throw wrongArgument('type', 'a password must be bytes');
}

export interface Closing {
  readonly kind: EnvelopeKind;
  readonly createdAt: number;
  readonly signal: AbortSignal | undefined;
}

/** A file of ours with these contents: one key derivation, a fresh salt, a fresh nonce. */
export async function closeFile(
  contents: Uint8Array,
  password: Uint8Array,
  { comment, argon2: params = PASSWORD_ARGON2 }: FileWish,
  { kind, createdAt, signal }: Closing,
): Promise<Buffer> {
  const salt = randomBytes(ENVELOPE_SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES.XChaCha20Poly1305);
  const stretched = await argon2id(password, salt, params, signal);
  try {
    const header = { kind, params, salt, nonce, createdAt, comment };
    return sealEnvelope(contents, { ...header, stretched });
  } finally {
    wipe(stretched);
  }
}

/**
 * The contents of a file of ours, the caller's to wipe.
 * @throws FORMAT_INVALID; KDF_LIMITS before anything is run; UNLOCK_FAILED, TAMPERED
 */
export async function openFile(
  source: Uint8Array,
  password: Uint8Array,
  kind: EnvelopeKind,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  // What is checked must be what is opened, whatever the caller does to it meanwhile.
  const envelope = parseEnvelope(new Uint8Array(source), kind);
  const stretched = await argon2id(password, envelope.salt, envelope.params, signal);
  try {
    return openEnvelope(envelope, stretched);
  } finally {
    wipe(stretched);
  }
}
