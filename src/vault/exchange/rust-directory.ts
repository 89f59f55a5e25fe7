import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { wipe, wipeable } from '../hygiene/wipe.ts';
import { KEY_BYTES } from '../keys/algorithm.ts';
import { JsonError } from './json-cursor.ts';
import {
  damage,
  type Finding,
  type FoundKey,
  suspicions,
  withoutDuplicates,
} from './rust-findings.ts';
import { bytes, formatVersion, mapped, readJson, type Shape, struct } from './rust-json.ts';
import { SALT_BYTES, unlockFailed } from './rust-kdf.ts';
import { ENCRYPTED_BYTES, MasterKeys, type RustUnlock } from './rust-master.ts';
import { KEYS_MAX, keyMetadata, type RustKeyMetadata } from './rust-metadata.ts';
import { type RustTime, time } from './rust-time.ts';
import { readSmallFile } from './small-file.ts';

/** What a directory of rust-keyvault has. */
export interface RustDirectory {
  /** Undefined when the file that says so is not there, or damaged. */
  readonly createdAt: RustTime | undefined;
  /** By name of file; each id is there once. */
  readonly keys: readonly FoundKey[];
  readonly findings: readonly Finding[];
}

const VAULT_FILE = '.vault_metadata.json';

/** A file of a key has 600 bytes, the other one 400. */
const FILE_MAX_BYTES = 64 * 1024;

interface VaultFile {
  readonly salt: Buffer;
  readonly created_at: RustTime;
  readonly format_version: number;
}

const vaultFile: Shape<VaultFile> = struct({
  salt: bytes(SALT_BYTES),
  created_at: time,
  format_version: formatVersion,
});

interface KeyFile {
  readonly metadata: RustKeyMetadata;
  readonly encrypted_key: Buffer;
}

const keyFile: Shape<KeyFile> = struct({
  metadata: keyMetadata,
  encrypted_key: mapped(bytes(KEY_BYTES, ENCRYPTED_BYTES.long), (found, json) => {
    const lengths: readonly number[] = [KEY_BYTES, ENCRYPTED_BYTES.short, ENCRYPTED_BYTES.long];
    return lengths.includes(found.length) ? found : json.fail('of no length that a key has');
  }),
});

/**
 * Reads a directory of rust-keyvault 0.2, whether its keys are encrypted or in the clear, and says
 * what is damaged in it. Only reads: at most 100,000 files of at most 64 KiB, no symbolic links.
 * @throws STORE_MISSING; FORMAT_INVALID when it is no such directory; UNLOCK_FAILED when there are
 * encrypted keys and none of them opens
 */
export async function readRustDirectory(
  path: string,
  unlock?: RustUnlock,
  signal?: AbortSignal,
): Promise<RustDirectory> {
  const reader = new DirectoryReader(path);
  try {
    return await reader.read(unlock, signal);
  } catch (error) {
    reader.wipeKeys();
    throw error;
  } finally {
    reader.wipeScratch();
  }
}

class DirectoryReader {
  readonly #path: string;
  /** One byte more than a file may have tells that it has too many. */
  readonly #scratch = wipeable(FILE_MAX_BYTES + 1);
  readonly #findings: Finding[] = [];
  /** Until they are opened, those that are encrypted are so. */
  #keys: FoundKey[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  async read(unlock: RustUnlock | undefined, signal?: AbortSignal): Promise<RustDirectory> {
    const { keyFiles, hasVaultFile } = await this.#names();
    if (keyFiles.length === 0 && !hasVaultFile) {
      throw new HoldfastError('FORMAT_INVALID', `no vault of rust-keyvault: ${this.#path}`);
    }
    const vault = await this.#readFile(VAULT_FILE, vaultFile);
    for (const file of keyFiles) {
      signal?.throwIfAborted();
      await this.#readKey(file);
    }
    await this.#openKeys(unlock, vault?.salt, signal);
    this.#dropDuplicates();
    this.#findings.push(...suspicions(this.#keys));
    return { createdAt: vault?.created_at, keys: this.#keys, findings: this.#findings };
  }

  wipeKeys(): void {
    for (const { material } of this.#keys) wipe(material);
  }

  wipeScratch(): void {
    wipe(this.#scratch);
  }

  async #names() {
    const keyFiles: string[] = [];
    let hasVaultFile = false;
    for await (const { name } of await openDirectory(this.#path)) {
      if (name === VAULT_FILE) hasVaultFile = true;
      else if (name.endsWith('.json')) keyFiles.push(name);
      if (keyFiles.length <= KEYS_MAX) continue;
      throw new HoldfastError('FORMAT_INVALID', `more than ${KEYS_MAX} keys: ${this.#path}`);
    }
    return { keyFiles: keyFiles.sort(), hasVaultFile };
  }

  async #readKey(file: string): Promise<void> {
    const found = await this.#readFile(file, keyFile);
    if (found === undefined) return;
    const { metadata, encrypted_key: material } = found;
    this.#keys.push({ file, metadata, material, isEncrypted: material.length > KEY_BYTES });
  }

  /** What is in a file, or a finding and undefined. */
  async #readFile<T>(file: string, shape: Shape<T>): Promise<T | undefined> {
    const found = await readSmallFile(join(this.#path, file), this.#scratch);
    if ('problem' in found) {
      this.#findings.push(damage(file, found.problem, PROBLEMS[found.problem]));
      return undefined;
    }
    if (found.bytes.length === 0) {
      this.#findings.push(damage(file, 'empty', 'nothing in it'));
      return undefined;
    }
    try {
      return readJson(file, found.bytes, shape);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      this.#findings.push(damage(file, error.fault, error.message));
      return undefined;
    }
  }

  async #openKeys(
    unlock: RustUnlock | undefined,
    salt: Buffer | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (!this.#keys.some((key) => key.isEncrypted)) return;
    if (unlock === undefined) throw unlockFailed();
    if (salt === undefined && 'password' in unlock) {
      const path = join(this.#path, VAULT_FILE);
      throw new HoldfastError('FORMAT_INVALID', `no password opens the keys without ${path}`);
    }
    const masters = new MasterKeys(unlock, salt ?? Buffer.alloc(0), signal);
    try {
      this.#keys = await this.#opened(masters);
    } finally {
      masters.wipe();
    }
    if (!this.#keys.some((key) => key.isEncrypted)) throw unlockFailed();
  }

  async #opened(masters: MasterKeys): Promise<FoundKey[]> {
    const opened: FoundKey[] = [];
    try {
      for (const key of this.#keys) {
        const material = key.isEncrypted ? await masters.open(key.material) : key.material;
        if (material) opened.push({ ...key, material });
        else this.#findings.push(notAuthentic(key));
      }
      return opened;
    } catch (error) {
      for (const { material } of opened) wipe(material);
      throw error;
    }
  }

  #dropDuplicates(): void {
    const { kept, dropped } = withoutDuplicates(this.#keys);
    for (const { file, material, metadata } of dropped) {
      wipe(material);
      const message = 'another file has the same id';
      this.#findings.push(damage(file, 'duplicate-id', message, metadata.id));
    }
    this.#keys = [...kept];
  }
}

function notAuthentic({ file, metadata }: FoundKey): Finding {
  const message = 'does not open: changed, or encrypted with another password';
  return damage(file, 'not-authentic', message, metadata.id);
}

const PROBLEMS = {
  'not-a-file': 'not a regular file',
  'too-large': `larger than ${FILE_MAX_BYTES} bytes`,
  unreadable: 'cannot be read',
};

async function openDirectory(path: string) {
  try {
    return await opendir(path);
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (isMissing) throw new HoldfastError('STORE_MISSING', `no directory: ${path}`, { cause });
    throw new HoldfastError('IO_ERROR', `cannot read the directory: ${path}`, { cause });
  }
}
