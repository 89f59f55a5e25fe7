import type { Transform } from 'node:stream';
import type { Steps } from '../engine/steps.ts';
import { wrongArgument } from '../errors.ts';
import { failedAttempts, takeAttempts } from './attempts.ts';
import { Audit } from './audit/audit.ts';
import type {
  CleanupOptions,
  CreateOptions,
  ExpectOptions,
  KeyListOptions,
  KeyPage,
  KeyUpdate,
  Rotated,
  RotateOptions,
} from './calls.ts';
import type { VaultFinding } from './doctor/finding.ts';
import type { ExportOptions } from './exchange/export-key.ts';
import type { DirectoryReport, ImportDirectoryOptions } from './exchange/import-directory.ts';
import type { ImportOptions } from './exchange/import-key.ts';
import type { BackupOptions } from './exchange/make-backup.ts';
import type { RestoreOptions, RestoreReport } from './exchange/restore.ts';
import type { RustUnlock } from './exchange/rust-master.ts';
import { Secret } from './hygiene/secret.ts';
import { wipe } from './hygiene/wipe.ts';
import { isAlgorithm, KEY_BYTES } from './keys/algorithm.ts';
import { type KeyId, parseKeyId } from './keys/key-id.ts';
import { type KeyEntry, type KeyInfo, openKey } from './keys/key-record.ts';
import type { Change } from './keys/ledger.ts';
import { cleanupBody, createBody, deleteBody, stateBody, updateBody } from './keys/lifecycle.ts';
import { pageOf } from './keys/page.ts';
import {
  assertLabel,
  assertValidity,
  expectVersion,
  requireFamily,
  requireKey,
  requireLatest,
  requireMaking,
  requireReading,
} from './keys/require.ts';
import { promoteBody, rotateBody, rotateIfOlderBody } from './keys/rotate.ts';
import { type OpenVault, openVault, type VaultOptions } from './open.ts';
import { requireSecrets } from './secrets/bodies.ts';
import { Secrets } from './secrets/secrets.ts';
import { Session } from './session.ts';
import { parseCiphertext } from './use/ciphertext.ts';
import { publicBytes } from './use/curves.ts';
import { decryptWith, encryptWith } from './use/encrypt.ts';
import { OpenedKeys } from './use/opened-keys.ts';
import {
  agreeWith,
  type DeriveOptions,
  deriveWith,
  hmacWith,
  isMac,
  isSignedBy,
  signWith,
} from './use/primitives.ts';
import { decryptStreamWith, encryptStreamWith, type Opened } from './use/streams.ts';
import { Slots } from './vault-slots.ts';

export interface BindOptions {
  /** Authenticated and not encrypted; the same must be given to decrypt. */
  readonly aad?: Uint8Array | undefined;
}

/** A signature and the version of the key that made it. */
export interface Signed {
  readonly keyId: KeyId;
  readonly signature: Uint8Array;
}

/** A MAC and the version of the key that made it. */
export interface Mac {
  readonly keyId: KeyId;
  readonly mac: Uint8Array;
}

/**
 * Versioned keys that every process of a machine can use, rotate and revoke at once. Each method is
 * one transaction: it happens wholly or not at all, with its event in the audit log, and the next
 * call of any other process sees it.
 */
export class Vault {
  /** Named secrets of any bytes. */
  readonly secrets: Secrets;
  readonly audit: Audit;
  readonly slots: Slots;
  readonly #session: Session;
  readonly #opened: OpenedKeys;

  private constructor(open: OpenVault, options: VaultOptions) {
    const { now = Date.now, audit = 'changes' } = options;
    this.#session = new Session(open, now, audit);
    this.#opened = new OpenedKeys();
    this.secrets = new Secrets(this.#session);
    this.audit = new Audit(this.#session);
    this.slots = new Slots(this.#session, open.slotId);
  }

  /**
   * Opens a vault, and makes it where there is none. A wrong password is told by one error, whatever
   * the vault has for ways in, and stands in the audit log.
   * @throws UNLOCK_FAILED, TAMPERED, KDF_LIMITS, STORE_MISSING, NOT_A_STORE, SCHEMA_TOO_NEW,
   * LOCK_TIMEOUT, UNSAFE_DIRECTORY, NETWORK_FILESYSTEM, SQLITE_TOO_OLD, READ_ONLY
   */
  static async open(options: VaultOptions): Promise<Vault> {
    const open = await openVault(options);
    const vault = new Vault(open, options);
    try {
      await vault.#begin();
      return vault;
    } catch (error) {
      await vault.close();
      throw error;
    }
  }

  /**
   * A new key at version 1, Active.
   * @throws CONFLICT when there is a key of that id
   */
  async create(options: CreateOptions = {}): Promise<KeyInfo> {
    const { algorithm, material, label } = options;
    if (algorithm !== undefined && !isAlgorithm(algorithm)) {
      throw wrongArgument('range', `there is no algorithm '${algorithm}'`);
    }
    if (material !== undefined && material.length !== KEY_BYTES) {
      throw wrongArgument('range', `a key has ${KEY_BYTES} bytes, not ${material.length}`);
    }
    assertLabel(label);
    assertValidity(options);
    const id = options.id === undefined ? undefined : parseKeyId(options.id);
    return this.#session.change((change) => createBody(change, { ...options, id }));
  }

  /** What is known of a version of a key, if it is there. */
  async get(id: string): Promise<KeyInfo | undefined> {
    const book = this.#session.peek() ?? (await this.#session.read());
    // What is there under that id has one.
    return (book.entry(id as KeyId) ?? book.entry(parseKeyId(id)))?.info;
  }

  /** The newest version in use, by the id of any version. @throws NOT_FOUND, KEY_STATE */
  async latest(id: string): Promise<KeyInfo> {
    const key = parseKeyId(id);
    const book = this.#session.peek() ?? (await this.#session.read());
    return requireLatest(requireFamily(book, key), key).info;
  }

  /** All versions, oldest first, by the id of any of them. @throws NOT_FOUND */
  async versions(id: string): Promise<readonly KeyInfo[]> {
    const key = parseKeyId(id);
    const book = this.#session.peek() ?? (await this.#session.read());
    return requireFamily(book, key).map(({ info }) => info);
  }

  /** One page of versions of keys, in the order of their ids. */
  async list(options: KeyListOptions = {}): Promise<KeyPage> {
    return pageOf(this.#session.peek() ?? (await this.#session.read()), options);
  }

  /**
   * A new version with new material; the one before decrypts and encrypts no more.
   * @throws NOT_FOUND, KEY_STATE, CONFLICT
   */
  async rotate(id: string, options: RotateOptions = {}): Promise<KeyInfo> {
    const key = parseKeyId(id);
    assertValidity(options);
    return this.#session.change((change) => rotateBody(change, key, options));
  }

  /**
   * Rotates a key whose version in use is older than that, in ms. Of all processes that call at once
   * one rotates, and the others are given its version.
   * @throws NOT_FOUND, KEY_STATE
   */
  async rotateIfOlderThan(
    id: string,
    ageMs: number,
    options: Omit<RotateOptions, 'expectedVersion'> = {},
  ): Promise<Rotated> {
    const key = parseKeyId(id);
    if (!(ageMs >= 0)) throw wrongArgument('range', `ageMs must be from 0, not ${ageMs}`);
    assertValidity(options);
    // Mostly it is young enough, and that is known without a lock.
    const book = this.#session.peek() ?? (await this.#session.read());
    const { info } = requireLatest(requireFamily(book, key), key);
    if (this.#session.now(book) - info.createdAt <= ageMs) return { key: info, rotated: false };
    return this.#session.change((change) => rotateIfOlderBody(change, key, { ...options, ageMs }));
  }

  /** Takes a version that was staged into use. @throws NOT_FOUND, KEY_STATE, CONFLICT */
  async promote(id: string, options: ExpectOptions = {}): Promise<KeyInfo> {
    return this.#at(id, options, (change, key) =>
      promoteBody(change, requireKey(change.book, key)),
    );
  }

  /** It decrypts and verifies from now on, and makes nothing new. @throws NOT_FOUND, KEY_STATE, CONFLICT */
  async deprecate(id: string, options: ExpectOptions = {}): Promise<KeyInfo> {
    return this.#at(id, options, (change, key) =>
      stateBody(change, requireKey(change.book, key), 'Deprecated'),
    );
  }

  /** Nobody does anything with it any more, in no process. For good. @throws NOT_FOUND, CONFLICT */
  async revoke(id: string, options: ExpectOptions = {}): Promise<KeyInfo> {
    return this.#at(id, options, (change, key) =>
      stateBody(change, requireKey(change.book, key), 'Revoked'),
    );
  }

  /** Says anew until when it may be used, or its label. @throws NOT_FOUND, KEY_STATE, CONFLICT */
  async update(id: string, update: KeyUpdate, options: ExpectOptions = {}): Promise<KeyInfo> {
    if (update.label !== undefined) assertLabel(update.label);
    return this.#at(id, options, (change, key) =>
      updateBody(change, requireKey(change.book, key), update),
    );
  }

  /** Removes a version that is not in use, with its material. @throws NOT_FOUND, KEY_STATE, CONFLICT */
  async delete(id: string, options: ExpectOptions = {}): Promise<void> {
    return this.#at(id, options, (change, key) => deleteBody(change, requireKey(change.book, key)));
  }

  /** Removes old versions that are Deprecated or Revoked; answers their ids, newest first. @throws NOT_FOUND */
  async cleanup(id: string, options: CleanupOptions): Promise<readonly KeyId[]> {
    const key = parseKeyId(id);
    const { keep, olderThanMs = 0 } = options;
    if (!Number.isSafeInteger(keep) || keep < 0) {
      throw wrongArgument('range', `keep must be a whole number from 0, not ${keep}`);
    }
    if (!(olderThanMs >= 0)) {
      throw wrongArgument('range', `olderThanMs must be from 0, not ${olderThanMs}`);
    }
    return this.#session.change((change) =>
      cleanupBody(change, requireFamily(change.book, key), options),
    );
  }

  /** The 32 bytes of a key. The caller's to dispose. @throws NOT_FOUND, KEY_STATE, TAMPERED */
  async reveal(id: string): Promise<Secret> {
    const { entry } = await this.#version(id, 'reveal');
    const material = openKey(this.#session.keys, entry);
    try {
      return new Secret(material);
    } finally {
      wipe(material);
    }
  }

  /**
   * Encrypts with the newest version in use. The ciphertext names the version, and opens under no
   * other key.
   * @throws NOT_FOUND, KEY_STATE, KEY_EXPIRED
   */
  async encrypt(id: string, plaintext: Uint8Array, options: BindOptions = {}): Promise<Buffer> {
    const { entry, opened } = await this.#newest(id, 'encrypt');
    const ciphertext = encryptWith(entry, opened, plaintext, options.aad);
    if (this.#session.uses) {
      const [keyId, sizeBytes] = [entry.info.id, plaintext.length];
      await this.#session.uses.tell({ kind: 'EncryptionPerformed', keyId, sizeBytes });
    }
    return ciphertext;
  }

  /** @throws FORMAT_INVALID, NOT_FOUND, KEY_STATE, KEY_EXPIRED, DECRYPT_FAILED */
  async decrypt(ciphertext: Uint8Array, options: BindOptions = {}): Promise<Buffer> {
    const parsed = parseCiphertext(ciphertext);
    const { entry, opened } = await this.#version(parsed.keyId, 'decrypt');
    const { keyId } = parsed;
    let plaintext: Buffer;
    try {
      plaintext = decryptWith(entry, opened, parsed, options.aad);
    } catch (error) {
      await this.#session.uses?.tell({ kind: 'DecryptionPerformed', keyId, success: false });
      throw error;
    }
    await this.#session.uses?.tell({ kind: 'DecryptionPerformed', keyId, success: true });
    return plaintext;
  }

  /**
   * A stream that takes plaintext of any length and gives it encrypted, in constant memory. It has a
   * format of its own, which only `decryptStream` reads.
   * @throws NOT_FOUND, KEY_STATE, KEY_EXPIRED; the stream itself fails once the key is revoked
   */
  async encryptStream(id: string, options: BindOptions = {}): Promise<Transform> {
    const opened = await this.#newest(id, 'encrypt a stream');
    return encryptStreamWith(this.#session, opened, options.aad);
  }

  /**
   * A stream that takes what `encryptStream` gave and gives the plaintext, each 256 KiB of it once they
   * are known to be authentic. That it was whole is known when the stream has ended without an error:
   * FORMAT_INVALID, NOT_FOUND, KEY_STATE, KEY_EXPIRED or DECRYPT_FAILED.
   */
  decryptStream(options: BindOptions = {}): Transform {
    const open = (id: KeyId) => this.#version(id, 'decrypt a stream');
    return decryptStreamWith(this.#session, open, options.aad);
  }

  /**
   * The same plaintext under the newest version in use; nobody sees it on the way.
   * @throws what `decrypt` and `encrypt` throw
   */
  async rewrap(ciphertext: Uint8Array, options: BindOptions = {}): Promise<Buffer> {
    const plaintext = await this.decrypt(ciphertext, options);
    try {
      return await this.encrypt(parseCiphertext(ciphertext).keyId, plaintext, options);
    } finally {
      wipe(plaintext);
    }
  }

  /** Signs with the newest version in use (Ed25519). @throws NOT_FOUND, KEY_STATE, KEY_EXPIRED */
  async sign(id: string, data: Uint8Array): Promise<Signed> {
    const { entry, opened } = await this.#newest(id, 'sign');
    return { keyId: entry.info.id, signature: signWith(opened, data) };
  }

  /** Whether that version of a key has signed that. @throws NOT_FOUND, KEY_STATE, KEY_EXPIRED */
  async verify({ keyId, signature }: Signed, data: Uint8Array): Promise<boolean> {
    const { opened } = await this.#version(keyId, 'verify');
    return isSignedBy(opened, data, signature);
  }

  /** HMAC-SHA256 with the newest version in use. @throws NOT_FOUND, KEY_STATE, KEY_EXPIRED */
  async hmac(id: string, data: Uint8Array): Promise<Mac> {
    const { entry, opened } = await this.#newest(id, 'authenticate');
    return { keyId: entry.info.id, mac: hmacWith(entry, opened, data) };
  }

  /** Whether that version of a key has made that. @throws NOT_FOUND, KEY_STATE, KEY_EXPIRED */
  async verifyHmac({ keyId, mac }: Mac, data: Uint8Array): Promise<boolean> {
    const { entry, opened } = await this.#version(keyId, 'verify');
    return isMac(hmacWith(entry, opened, data), mac);
  }

  /** The 32 bytes that may be told to everybody, of a key for Ed25519 or X25519. @throws NOT_FOUND */
  async publicKey(id: string): Promise<Buffer> {
    const { entry, opened } = await this.#version(id, 'tell its public key');
    const curve = entry.info.algorithm === 'X25519' ? 'X25519' : 'Ed25519';
    return publicBytes(curve, opened.privateKey(curve));
  }

  /**
   * A secret that the holder of the other public key comes to as well (X25519), of this very version.
   * The caller's to dispose.
   * @throws NOT_FOUND, KEY_STATE, KEY_EXPIRED
   */
  async agree(id: string, peer: Uint8Array, options: DeriveOptions = {}): Promise<Secret> {
    const { opened } = await this.#version(id, 'agree');
    return agreeWith(opened, peer, options);
  }

  /** A key derived from this very version. The caller's to dispose. @throws NOT_FOUND, KEY_STATE, KEY_EXPIRED */
  async derive(id: string, options: DeriveOptions = {}): Promise<Secret> {
    const { entry, opened } = await this.#version(id, 'derive');
    return deriveWith(entry, opened, options);
  }

  /**
   * A file with one version of a key, for who knows the password; the event stands before there is
   * a file.
   * @throws NOT_FOUND, KEY_STATE, KEY_EXPIRED, KDF_LIMITS, RangeError
   */
  async exportKey(id: string, password: Uint8Array, options: ExportOptions = {}): Promise<Buffer> {
    const key = parseKeyId(id);
    const { exportKey } = await import('./exchange/export-key.ts');
    return exportKey(this.#session, { id: key, password, options });
  }

  /**
   * Takes a key in from an export, ours or one of rust-keyvault 0.2, with its id, version, state and
   * times. The same key again is no change; of two versions in use the newer one stays so.
   * @throws CONFLICT, UNLOCK_FAILED, FORMAT_INVALID, KDF_LIMITS, TAMPERED
   */
  async importKey(
    source: string | Uint8Array,
    password: Uint8Array,
    options: ImportOptions = {},
  ): Promise<KeyInfo> {
    const { importKey } = await import('./exchange/import-key.ts');
    return importKey(this.#session, source, { password, options });
  }

  /**
   * A file with all keys and secrets as of one moment, for who knows the password; the event stands
   * before there is a file.
   * @throws KDF_LIMITS, RangeError
   */
  async backup(password: Uint8Array, options: BackupOptions = {}): Promise<Buffer> {
    const { makeBackup } = await import('./exchange/make-backup.ts');
    return makeBackup(this.#session, password, options);
  }

  /**
   * Takes in what a backup has, ours or one of rust-keyvault 0.2, in one transaction. What the vault
   * has otherwise stays, and is told as a conflict, unless `overwrite` is set.
   * @throws UNLOCK_FAILED, FORMAT_INVALID, KDF_LIMITS, TAMPERED, DECRYPT_FAILED
   */
  async restore(
    source: string | Uint8Array,
    password: Uint8Array,
    options: RestoreOptions = {},
  ): Promise<RestoreReport> {
    const { restoreBackup } = await import('./exchange/restore.ts');
    return restoreBackup(this.#session, source, { password, options });
  }

  /**
   * Takes in the keys of a directory of rust-keyvault 0.2, in one transaction, and says what is
   * damaged in it. `unlock` is needed where they are encrypted.
   * @throws STORE_MISSING, FORMAT_INVALID, UNLOCK_FAILED, KDF_LIMITS
   */
  async importRustKeyvault(
    directory: string,
    unlock?: RustUnlock,
    options: ImportDirectoryOptions = {},
  ): Promise<DirectoryReport> {
    const { importDirectory } = await import('./exchange/import-directory.ts');
    return importDirectory(this.#session, directory, { unlock, options });
  }

  /**
   * What could be better about the keys, secrets and the log of this vault, all of which is read.
   * `inspectVault` has what can be said without opening it.
   */
  async examine(signal?: AbortSignal): Promise<readonly VaultFinding[]> {
    const { examineVault } = await import('./doctor/examine.ts');
    return examineVault(this.#session, this.audit, signal);
  }

  /** Waits for what is under way, then closes. Idempotent; later calls reject with CLOSED. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Reads and verifies all records, and takes over what was tried in vain before. */
  async #begin(): Promise<void> {
    await this.#session.read();
    const { engine, keys, book } = this.#session;
    await engine.read(() => requireSecrets(keys, book));
    const attempts = await engine.read(failedAttempts);
    if (attempts.length > 0) await this.#session.change(takeAttempts);
    const at = this.#session.now(await this.#session.read());
    await this.#session.uses?.tell({ kind: 'AuthenticationAttempt', success: true, at });
  }

  /** The newest version in use of a key. */
  async #newest(id: string, what: string): Promise<Opened> {
    const key = parseKeyId(id);
    const book = this.#session.peek() ?? (await this.#session.read());
    const entry = requireLatest(requireFamily(book, key), key);
    requireMaking(entry, what, this.#session.now(book));
    return this.#take(entry, what);
  }

  /** This very version. */
  async #version(id: string, what: string): Promise<Opened> {
    const key = parseKeyId(id);
    const book = this.#session.peek() ?? (await this.#session.read());
    const entry = requireKey(book, key);
    requireReading(entry, what, this.#session.now(book));
    return this.#take(entry, what);
  }

  async #take(entry: KeyEntry, what: string): Promise<Opened> {
    const opened = this.#opened.open(this.#session.keys, entry);
    // Those two are told with what came of them.
    if (this.#session.uses && what !== 'encrypt' && what !== 'decrypt') {
      await this.#session.uses.tell({ kind: 'KeyAccessed', keyId: entry.info.id, operation: what });
    }
    return { entry, opened };
  }

  #at<T>(
    id: string,
    { expectedVersion }: ExpectOptions,
    body: (change: Change, key: KeyId) => Steps<T>,
  ): Promise<T> {
    const key = parseKeyId(id);
    return this.#session.change(function* (change) {
      expectVersion(requireFamily(change.book, key), expectedVersion);
      return yield* body(change, key);
    });
  }
}
