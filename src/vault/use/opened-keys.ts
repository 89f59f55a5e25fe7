import { createSecretKey, type KeyObject } from 'node:crypto';
import { wrongArgument } from '../../errors.ts';
import { wipe } from '../hygiene/wipe.ts';
import type { AeadAlgorithm, Algorithm } from '../keys/algorithm.ts';
import { type KeyEntry, openKey } from '../keys/key-record.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import { headerOf } from './ciphertext.ts';
import { type Curve, privateKeyOf } from './curves.ts';
import { deriveSession, freshSalt, type SessionKey } from './session-key.ts';

/** Random nonces of 96 bits are safe to use 2^32 times under one key (NIST SP 800-38D, 8.3). */
const MESSAGES_MAX = 2 ** 31;

/** Sessions of others, whose ciphertexts this process reads, that are kept derived for each key. */
const SESSIONS_MAX = 64;

/** What this process encrypts with now. */
export interface OwnSession {
  readonly session: SessionKey;
  readonly header: Uint8Array;
}

/** One key's material, in OpenSSL's memory, and what was derived from it. */
export class OpenedKey {
  readonly material: KeyObject;
  readonly #entry: KeyEntry;
  readonly #others = new Map<string, SessionKey>();
  #own: OwnSession | undefined;
  #private: KeyObject | undefined;
  #messages = 0;

  constructor(keys: VaultKeys, entry: KeyEntry) {
    this.#entry = entry;
    const bytes = openKey(keys, entry);
    try {
      this.material = createSecretKey(bytes);
    } finally {
      wipe(bytes);
    }
  }

  /** @throws TypeError for a key that is for something else */
  privateKey(curve: Curve): KeyObject {
    requireAlgorithm(this.#entry, curve);
    this.#private ??= privateKeyOf(curve, this.material);
    return this.#private;
  }

  /** For one message. */
  own(algorithm: AeadAlgorithm): OwnSession {
    this.#messages += 1;
    if (this.#own === undefined || this.#messages > MESSAGES_MAX) {
      const { id } = this.#entry.info;
      const session = deriveSession(this.material, { id, algorithm, salt: freshSalt() });
      this.#own = { session, header: headerOf(algorithm, id, session) };
      this.#messages = 1;
    }
    return this.#own;
  }

  session(algorithm: AeadAlgorithm, salt: Uint8Array): SessionKey {
    const name = Buffer.from(salt.buffer, salt.byteOffset, salt.length).toString('latin1');
    const known = this.#others.get(name);
    if (known) return known;
    const { id } = this.#entry.info;
    const copy = Uint8Array.from(salt);
    const session = deriveSession(this.material, { id, algorithm, salt: copy });
    if (this.#others.size >= SESSIONS_MAX) this.#others.clear();
    this.#others.set(name, session);
    return session;
  }
}

/** @throws TypeError */
export function requireAlgorithm({ info }: KeyEntry, algorithm: Algorithm): void {
  if (info.algorithm === algorithm) return;
  throw wrongArgument('type', `key ${info.id} is for ${info.algorithm}, not for ${algorithm}`);
}

/**
 * Keys that were opened once. They belong to the records as they are now: a record that changes is
 * another entry, and what was opened of the one before is let go.
 */
export class OpenedKeys {
  readonly #opened = new WeakMap<KeyEntry, OpenedKey>();

  /** @throws TAMPERED */
  open(keys: VaultKeys, entry: KeyEntry): OpenedKey {
    let opened = this.#opened.get(entry);
    if (opened === undefined) {
      opened = new OpenedKey(keys, entry);
      this.#opened.set(entry, opened);
    }
    return opened;
  }
}
