import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Argon2Params, argon2id } from '../../src/vault/crypto/argon2.ts';
import type { BackupContents } from '../../src/vault/exchange/backup-contents.ts';
import { formatBackupV1 } from '../../src/vault/exchange/backup-file.ts';
import { readBackupV1, sealBackupV1 } from '../../src/vault/exchange/backup-v1.ts';
import {
  formatExportV1,
  type SealedExport,
  sealExportV1,
} from '../../src/vault/exchange/export-v1.ts';
import type { RustKeyMetadata } from '../../src/vault/exchange/rust-metadata.ts';
import { parseKeyId } from '../../src/vault/keys/key-id.ts';
import { Vault } from '../../src/vault.ts';

export const FILE_KINDS = [
  'export',
  'backup',
  'rust-export',
  'rust-backup',
  'rust-backup-gzip',
] as const;

export type FileKind = (typeof FILE_KINDS)[number];

export const PASSWORD = Buffer.from('a password');

/** As little as there is: a file of each kind is opened many thousands of times. */
export const CHEAP: Argon2Params = { memoryKib: 8, passes: 1, parallelism: 1 };

const MATERIAL = Buffer.alloc(32, 0x5a);
const METADATA: RustKeyMetadata = {
  ...{ id: parseKeyId('17'.repeat(16)), baseId: parseKeyId('17'.repeat(16)), version: 1 },
  ...({ state: 'Active', algorithm: 'Aes256Gcm' } as const),
  createdAt: { ms: 1_700_000_000_123, ns: 456 },
  expiresAt: { ms: 4_000_000_000_000, ns: 0 },
};

/** Keys and secrets of each kind. */
export async function fillVault(vault: Vault): Promise<string> {
  const { id } = await vault.create({ label: 'sessions', decryptUntil: 2 ** 42 });
  await vault.rotate(id);
  await vault.create({ algorithm: 'Ed25519' });
  await vault.secrets.set('name', Buffer.from('value'), { tags: { env: 'test' } });
  return id;
}

/** A file of that kind, which `PASSWORD` opens. */
export async function carriedFile(kind: FileKind): Promise<Buffer> {
  if (kind === 'rust-export')
    return Buffer.from(formatExportV1(await sealedExport(PASSWORD), false));
  if (kind === 'rust-backup' || kind === 'rust-backup-gzip') {
    return await rustBackup(await someContents(), kind === 'rust-backup-gzip');
  }
  await using vault = await Vault.open({ ephemeral: true, name: 'carried' });
  const id = await fillVault(vault);
  const options = { argon2: CHEAP, comment: 'of 2026' };
  if (kind === 'export') return await vault.exportKey(id, PASSWORD, options);
  return await vault.backup(PASSWORD, { ...options, audit: true });
}

async function someContents(): Promise<BackupContents> {
  // Under the password that rust-keyvault has for all of them.
  const inner = Buffer.from('temp-internal-export-password-for-backup');
  const keys = [await sealedExport(inner), await sealedExport(inner)];
  return { keys, vaultCreatedAt: METADATA.createdAt };
}

async function sealedExport(password: Uint8Array): Promise<SealedExport> {
  const salt = randomBytes(32);
  const wrapKey = await argon2id(password, salt, CHEAP);
  return sealExportV1(
    { material: MATERIAL, metadata: METADATA },
    {
      ...({ wrapping: 'XChaCha20Poly1305', params: CHEAP, comment: 'of 2026' } as const),
      ...{ salt, nonce: randomBytes(24), wrapKey, exportedAt: METADATA.createdAt },
    },
  );
}

/** A backup as rust-keyvault writes it, but for what the key derivation costs. */
export async function rustBackup(contents: BackupContents, isCompressed: boolean): Promise<Buffer> {
  const salt = randomBytes(32);
  const header = {
    ...{ salt, params: CHEAP, nonce: randomBytes(24), key: await argon2id(PASSWORD, salt, CHEAP) },
    ...{ createdAt: METADATA.createdAt, isCompressed, comment: 'of 2026' },
  };
  return Buffer.from(formatBackupV1(await sealBackupV1(contents, header), false));
}

/**
 * Opens a file as a vault does: what is authenticated in it must be what it was. Of an export of
 * rust-keyvault that is the key alone, of its backups all that is inside.
 */
export async function openCarried(vault: Vault, kind: FileKind, source: Uint8Array): Promise<void> {
  if (kind === 'backup') {
    const { created } = await vault.restore(source, PASSWORD, { dryRun: true });
    if (created.length !== 3) throw new Error(`it has ${created.length} keys`);
  } else if (kind === 'export' || kind === 'rust-export') {
    const { id, state } = await vault.importKey(source, PASSWORD);
    if (state !== 'Revoked' && kind === 'rust-export') await requireMaterial(vault, id);
    await vault.revoke(id);
    await vault.delete(id);
  } else {
    const { keys } = await readBackupV1(source, PASSWORD);
    for (const { material, metadata } of keys) {
      if (!material.equals(MATERIAL) || !isDeepStrictEqual(metadata, METADATA)) {
        throw new Error('it has another key');
      }
    }
    if (keys.length !== 2) throw new Error(`it has ${keys.length} keys`);
  }
}

async function requireMaterial(vault: Vault, id: string): Promise<void> {
  try {
    using secret = await vault.reveal(id);
    if (!MATERIAL.equals(secret.expose())) throw new Error('it has another key');
  } catch (error) {
    // Whoever can change the file can say that it has ended.
    if ((error as { code?: string }).code !== 'KEY_EXPIRED') throw error;
  }
}
