import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { before, describe, type TestContext, test } from 'node:test';
import { type EphemeralOptions, Vault } from '../src/vault.ts';

const fixtures = join(import.meta.dirname, 'fixtures/keyvault');
const expected = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8'));
const password = Buffer.from('a password');
/** As little as the format takes: what is tested here is not Argon2. */
const argon2 = { memoryKib: 8, passes: 1, parallelism: 1 };
const cheap = { argon2 };
let vaults = 0;

async function openVault(t: TestContext, options: Partial<EphemeralOptions> = {}): Promise<Vault> {
  vaults += 1;
  const vault = await Vault.open({ ephemeral: true, name: `exchange-${vaults}`, ...options });
  t.after(() => vault.close());
  return vault;
}

function newDirectory(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-exchange-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The bytes of a key, whatever its state: a backup tells them, where `reveal` does not. */
async function materialOf(vault: Vault, id: string): Promise<string> {
  using secret = await vault.reveal(id);
  return Buffer.from(secret.expose()).toString('hex');
}

async function allKeys(vault: Vault) {
  const { items } = await vault.list({ limit: 10_000 });
  return items.map(({ revision: _, ...info }) => info);
}

async function lastEvents(vault: Vault, count: number) {
  const records = await vault.audit();
  return records.slice(-count).map(({ event }) => event);
}

async function revisionOf(vault: Vault): Promise<number> {
  return (await vault.audit()).length;
}

function code(name: string) {
  return { name: 'HoldfastError', code: name };
}

describe('what rust-keyvault wrote', () => {
  const backupFile = readFileSync(join(fixtures, 'backup-gzip.json'));
  const backupPassword = Buffer.from('backup-password');
  const keysOf = async (vault: Vault) =>
    Promise.all(
      (await allKeys(vault)).map(async ({ id, version, state, algorithm }) => {
        return { id, version, state, algorithm, key: await materialOf(vault, id) };
      }),
    );
  const inOrder = (expected.backups['backup-gzip.json'].keys as { id: string }[]).toSorted(
    (a, b) => (a.id < b.id ? -1 : 1),
  );

  test('comes in as an export and goes out again to the nanosecond', async (t) => {
    const vault = await openVault(t);
    const source = readFileSync(join(fixtures, 'export.json'));
    const known = expected.exports['export.json'];
    const key = await vault.importKey(source, Buffer.from(known.password));
    assert.equal(await materialOf(vault, key.id), known.key);
    assert.deepEqual([key.version, key.algorithm], [known.version, known.algorithm]);
    const file = await vault.exportKey(key.id, password, {
      format: 'rust-keyvault-v1',
      comment: 'out again',
      pretty: false,
    });
    const [theirs, ours] = [JSON.parse(String(source)), JSON.parse(String(file))];
    assert.deepEqual(ours.metadata, theirs.metadata);
    assert.equal(ours.comment, 'out again');
    const other = await openVault(t);
    const { revision: _, ...again } = await other.importKey(file, password);
    assert.deepEqual([again], await allKeys(vault));
    assert.equal(await materialOf(other, key.id), known.key);
  });

  test('comes in as a backup and goes out again', async (t) => {
    const vault = await openVault(t);
    const report = await vault.restore(backupFile, backupPassword);
    assert.equal(report.created.length, 4);
    assert.deepEqual(await keysOf(vault), inOrder);
    const file = await vault.backup(password, { format: 'rust-keyvault-v1', comment: 'c' });
    assert.equal(JSON.parse(String(file)).metadata.key_count, 4);
    const other = await openVault(t);
    await other.restore(file, password);
    assert.deepEqual(await allKeys(other), await allKeys(vault));
    assert.deepEqual(await keysOf(other), inOrder);
  });

  test('comes in as a directory, with a report of what is damaged in it', async (t) => {
    const dir = newDirectory(t);
    cpSync(join(fixtures, 'vault-encrypted'), dir, { recursive: true });
    writeFileSync(join(dir, 'torn.json'), '{"metadata":{"id":[1,');
    const vault = await openVault(t);
    const unlock = { password: Buffer.from('vault-password') };
    const plan = await vault.importRustKeyvault(dir, unlock, { dryRun: true });
    assert.deepEqual(await allKeys(vault), []);
    const report = await vault.importRustKeyvault(dir, unlock);
    assert.deepEqual(report, plan);
    assert.deepEqual(await keysOf(vault), inOrder);
    const [finding] = report.findings.filter(({ file }) => file === 'torn.json');
    assert.deepEqual([finding?.kind, finding?.isKeyLost], ['truncated', true]);
    const again = await vault.importRustKeyvault(dir, unlock);
    assert.deepEqual([again.created, again.unchanged.length], [[], 4]);
  });

  test('is refused with another password, and nothing is written', async (t) => {
    const vault = await openVault(t);
    const had = await revisionOf(vault);
    const wrong = Buffer.from('wrong');
    const source = readFileSync(join(fixtures, 'export.json'));
    await assert.rejects(vault.importKey(source, wrong), code('UNLOCK_FAILED'));
    await assert.rejects(vault.restore(backupFile, wrong), code('UNLOCK_FAILED'));
    const directory = join(fixtures, 'vault-encrypted');
    const params = { memoryKib: 8192, passes: 1, parallelism: 1 };
    await assert.rejects(
      vault.importRustKeyvault(directory, { password: wrong, params }),
      code('UNLOCK_FAILED'),
    );
    assert.deepEqual([await allKeys(vault), await revisionOf(vault)], [[], had]);
  });
});
