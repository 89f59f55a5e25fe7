import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { before, describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { argon2id } from '../src/vault/crypto/argon2.ts';
import { formatExportV1, sealExportV1 } from '../src/vault/exchange/export-v1.ts';
import { keyIdBytes, keyIdOf, parseKeyId, versionId } from '../src/vault/keys/key-id.ts';
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
  const records = await vault.audit.read();
  return records.slice(-count).map(({ event }) => event);
}

async function revisionOf(vault: Vault): Promise<number> {
  return (await vault.audit.read()).length;
}

function code(name: string) {
  return { name: 'HoldfastError', code: name };
}

/** Like one of rust-keyvault, which never writes one that is derived so cheaply, but reads it. */
async function cheapExportV1(material: string) {
  const [salt, nonce] = [randomBytes(32), randomBytes(24)];
  const { id } = JSON.parse(readFileSync(join(fixtures, 'export.json'), 'utf8')).metadata;
  const time = { ms: 1_700_000_000_000, ns: 1 };
  const metadata = {
    ...{ id: keyIdOf(Uint8Array.from(id)), baseId: keyIdOf(Uint8Array.from(id)), version: 1 },
    ...({ state: 'Active', algorithm: 'Aes256Gcm' } as const),
    ...{ createdAt: time, expiresAt: undefined },
  };
  const wrapKey = await argon2id(password, salt, argon2);
  const file = sealExportV1(
    { material: Buffer.from(material, 'hex'), metadata },
    {
      ...({ wrapping: 'XChaCha20Poly1305', params: argon2, comment: undefined } as const),
      ...{ salt, nonce, wrapKey, exportedAt: time },
    },
  );
  return JSON.parse(formatExportV1(file, false));
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

  test('comes in as an export and goes out again, alone and in a backup, to the nanosecond', async (t) => {
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
    // Each key takes a key derivation of its own in such a backup, so it is of one.
    const backup = await vault.backup(password, { format: 'rust-keyvault-v1', comment: 'c' });
    assert.equal(JSON.parse(String(backup)).metadata.key_count, 1);
    const third = await openVault(t);
    await third.restore(backup, password);
    assert.deepEqual(await allKeys(third), await allKeys(vault));
    assert.equal(await materialOf(third, key.id), known.key);
  });

  test('comes in as a backup', async (t) => {
    const vault = await openVault(t);
    const report = await vault.restore(backupFile, backupPassword);
    assert.equal(report.created.length, 4);
    assert.deepEqual(await keysOf(vault), inOrder);
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

  test('comes in as a rotation has left it: told of, and with one version in use (W1)', async (t) => {
    const dir = newDirectory(t);
    const [first, material] = [parseKeyId('07'.repeat(16)), [...randomBytes(32)]];
    const at = { secs_since_epoch: 1_700_000_000, nanos_since_epoch: 123_456_789 };
    for (const version of [1, 2, 3]) {
      const id = version === 1 ? first : versionId(first, version);
      const metadata = {
        ...{ id: [...keyIdBytes(id)], base_id: [...keyIdBytes(first)], state: 'Active', version },
        ...{ created_at: at, expires_at: null, algorithm: 'Aes256Gcm' },
      };
      const encrypted_key = version === 3 ? [...randomBytes(32)] : material;
      const name = `KeyId([${keyIdBytes(id).join(', ')}]).json`;
      writeFileSync(join(dir, name), JSON.stringify({ metadata, encrypted_key }));
    }
    const vault = await openVault(t);
    const { findings, created } = await vault.importRustKeyvault(dir);
    assert.equal(created.length, 3);
    const told = findings.filter(({ kind }) => kind === 'same-material');
    assert.deepEqual(
      told.map(({ id }) => id),
      [versionId(first, 2)],
    );
    const versions = await vault.versions(first);
    assert.deepEqual(
      versions.map(({ state }) => state),
      ['Deprecated', 'Deprecated', 'Active'],
    );
    const [{ createdAt = 0, nanos } = {}] = versions;
    assert.deepEqual([createdAt, nanos?.created], [1_700_000_000_123, 456_789]);
    await assert.rejects(vault.importRustKeyvault(join(dir, 'none')), code('STORE_MISSING'));
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

describe('an export of ours', () => {
  test('takes a key with all that is said of it to another vault', async (t) => {
    const vault = await openVault(t, { now: () => 1_000_000 });
    const limits = { encryptUntil: 2_000_000, decryptUntil: 3_000_000 };
    const { id } = await vault.create({ label: 'naïve 𝄞', algorithm: 'HmacSha256', ...limits });
    const next = await vault.rotate(id);
    const file = await vault.exportKey(next.id, password, { comment: 'for the other', ...cheap });
    assert.ok(file.includes('for the other') && !file.includes('naïve'));
    const other = await openVault(t, { now: () => 1_500_000 });
    const { revision: _, ...found } = await other.importKey(file, password);
    const { revision: __, ...had } = next;
    assert.deepEqual(found, had);
    assert.equal(await materialOf(other, next.id), await materialOf(vault, next.id));
    const known = await revisionOf(other);
    await other.importKey(file, password);
    assert.equal(await revisionOf(other), known);
    assert.deepEqual(await lastEvents(vault, 1), [
      { kind: 'KeyExported', keyId: next.id, format: 'holdfast' },
    ]);
    assert.deepEqual(await lastEvents(other, 1), [
      { kind: 'KeyImported', keyId: next.id, version: 2, change: 'created' },
    ]);
  });

  test('of a key that may be used no more is refused', async (t) => {
    let now = 1_000_000;
    const vault = await openVault(t, { now: () => now });
    const { id } = await vault.create({ decryptUntil: now + 10, encryptUntil: now });
    const revoked = await vault.create();
    await vault.revoke(revoked.id);
    await assert.rejects(vault.exportKey(revoked.id, password, cheap), code('KEY_STATE'));
    now += 11;
    await assert.rejects(vault.exportKey(id, password, cheap), code('KEY_EXPIRED'));
    await assert.rejects(vault.exportKey('0'.repeat(32), password), code('NOT_FOUND'));
  });

  test('is refused with another password, and as what it is not', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const file = await vault.exportKey(id, password, cheap);
    const backup = await vault.backup(password, cheap);
    const known = await revisionOf(vault);
    await assert.rejects(vault.importKey(file, Buffer.from('b')), code('UNLOCK_FAILED'));
    await assert.rejects(vault.importKey(backup, password), code('FORMAT_INVALID'));
    await assert.rejects(vault.restore(file, password), code('FORMAT_INVALID'));
    await assert.rejects(vault.restore('no file', password), code('FORMAT_INVALID'));
    assert.equal(await revisionOf(vault), known);
  });

  test('is not made for a wish that cannot be', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create({ algorithm: 'HmacSha256' });
    const known = await revisionOf(vault);
    const wrong = { code: 'ARGUMENT_INVALID' };
    await assert.rejects(vault.exportKey(id, Buffer.alloc(0)), wrong);
    await assert.rejects(vault.exportKey(id, password, { comment: '\ud800' }), wrong);
    const format = 'rust-keyvault-v1';
    await assert.rejects(vault.exportKey(id, password, { format }), wrong);
    await assert.rejects(vault.backup(password, { format }), wrong);
    const other = { format: 'zip' as 'holdfast' };
    await assert.rejects(vault.exportKey(id, password, other), wrong);
    await assert.rejects(vault.backup(password, other), wrong);
    const greedy = { argon2: { memoryKib: 2 ** 21, passes: 1, parallelism: 1 } };
    await assert.rejects(vault.exportKey(id, password, greedy), code('KDF_LIMITS'));
    await assert.rejects(vault.backup(password, greedy), code('KDF_LIMITS'));
    assert.equal(await revisionOf(vault), known);
  });
});

describe('a key that comes into a vault', () => {
  /** Two vaults with one key: what is done in the one is not known in the other. */
  async function twoVaults(t: TestContext) {
    const vault = await openVault(t);
    const other = await openVault(t);
    const { id } = await vault.create({ label: 'shared' });
    const take = async (from: Vault, version: string, into: Vault, overwrite = false) => {
      const file = await from.exportKey(version, password, cheap);
      return into.importKey(file, password, { overwrite });
    };
    await take(vault, id, other);
    return { vault, other, id, take };
  }

  test('is no change of one that is further along', async (t) => {
    const { vault, other, id, take } = await twoVaults(t);
    await other.deprecate(id);
    await assert.rejects(take(vault, id, other), code('CONFLICT'));
    assert.equal((await other.get(id))?.state, 'Deprecated');
    assert.equal((await take(vault, id, other, true)).state, 'Active');
  });

  test('does not come back from Revoked, also when it is told to (W10)', async (t) => {
    const { vault, other, id, take } = await twoVaults(t);
    await other.revoke(id);
    for (const overwrite of [false, true]) {
      await assert.rejects(take(vault, id, other, overwrite), code('CONFLICT'));
    }
    assert.equal((await other.get(id))?.state, 'Revoked');
    const revoked = await other.backup(password, cheap);
    assert.deepEqual((await vault.restore(revoked, password)).updated, [id]);
    assert.equal((await vault.get(id))?.state, 'Revoked');
  });

  test('does not take the place of other material unless told', async (t) => {
    const { vault, other, id, take } = await twoVaults(t);
    const [mine, theirs] = [await vault.rotate(id), await other.rotate(id)];
    assert.equal(mine.id, theirs.id);
    const had = await materialOf(other, theirs.id);
    await assert.rejects(take(vault, mine.id, other), code('CONFLICT'));
    assert.equal(await materialOf(other, theirs.id), had);
    await take(vault, mine.id, other, true);
    assert.equal(await materialOf(other, theirs.id), await materialOf(vault, mine.id));
    assert.equal(await other.audit.verify(), await revisionOf(other));
  });

  test('leaves one version in use: the newest', async (t) => {
    const { vault, other, id, take } = await twoVaults(t);
    const ciphertext = await other.encrypt(id, Buffer.from('before'));
    const next = await vault.rotate(id);
    await take(vault, next.id, other);
    const states = (await other.versions(id)).map(({ state }) => state);
    assert.deepEqual(states, ['Deprecated', 'Active']);
    assert.equal(String(await other.decrypt(ciphertext)), 'before');
    // And the old one, where the new one is already.
    const third = await openVault(t);
    await take(vault, next.id, third);
    const late = await other.backup(password, cheap);
    assert.deepEqual((await third.restore(late, password)).created, [id]);
    assert.deepEqual(
      (await third.versions(id)).map(({ state }) => state),
      states,
    );
  });

  test('never shares an id, or a version, with another key', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const next = await vault.rotate(id);
    const foreign = await (await openVault(t)).create();
    const bytes = (hex: string) => [...Buffer.from(hex, 'hex')];
    // In an export of rust-keyvault everything but the 32 bytes can be changed by anybody.
    const source = await cheapExportV1(await materialOf(vault, id));
    const forged = (fields: Record<string, unknown>) =>
      JSON.stringify({ ...source, metadata: { ...source.metadata, ...fields } });
    await (await openVault(t)).importKey(forged({}), password);
    const known = await revisionOf(vault);
    for (const fields of [
      { base_id: bytes(id), version: 1 },
      { base_id: bytes(id), version: 2 },
      { base_id: bytes(next.id), version: 2 },
      { id: bytes(next.id), version: 3 },
      { id: bytes(id), base_id: bytes(foreign.id) },
      { version: 0 },
    ]) {
      await assert.rejects(vault.importKey(forged(fields), password), code('CONFLICT'));
    }
    assert.equal(await revisionOf(vault), known);
    assert.equal((await vault.versions(id)).length, 2);
    // The id that the next version would have is not known to be that: nothing is overwritten.
    const taken = bytes(versionId(id, 3));
    const { id: third } = await vault.importKey(forged({ id: taken, base_id: taken }), password);
    await assert.rejects(vault.rotate(id), code('CONFLICT'));
    assert.deepEqual(
      [(await vault.get(third))?.baseId, (await vault.latest(id)).version],
      [third, 2],
    );
  });
});

describe('a backup of ours', () => {
  async function filled(t: TestContext, options: Partial<EphemeralOptions> = {}) {
    const vault = await openVault(t, options);
    const first = await vault.create({ label: 'first', algorithm: 'Aes256Gcm' });
    await vault.rotate(first.id);
    await vault.rotate(first.id, { stage: true });
    const gone = await vault.create({ algorithm: 'Ed25519', encryptUntil: 5e12 });
    await vault.revoke(gone.id);
    await vault.secrets.set('db/main', Buffer.from('one'), { tags: { env: 'test', '9': 'z' } });
    await vault.secrets.set('db/main', Buffer.from('two'));
    await vault.secrets.set('old', randomBytes(1000));
    await vault.secrets.delete('old');
    return { vault, id: first.id };
  }

  const allSecrets = async (vault: Vault) =>
    (await vault.secrets.list({ includeDeleted: true })).items;

  test('brings a whole vault back: keys, states, limits, labels, secrets (W9)', async (t) => {
    const { vault, id } = await filled(t);
    const ciphertext = await vault.encrypt(id, Buffer.from('hello'));
    const steps: string[] = [];
    const onProgress = (done: number, total: number) => steps.push(`${done}/${total}`);
    const file = await vault.backup(password, {
      comment: 'daily',
      audit: true,
      onProgress,
      ...cheap,
    });
    assert.deepEqual(steps, ['1/1']);
    assert.ok(file.includes('daily') && !file.includes('db/main'));
    const log = await vault.audit.read();
    assert.deepEqual(log.at(-1)?.event, {
      ...{ kind: 'BackupMade', format: 'holdfast' },
      ...{ keys: 4, secrets: 2 },
    });
    const other = await openVault(t);
    const plan = await other.restore(file, password, { dryRun: true });
    assert.deepEqual([await allKeys(other), await allSecrets(other)], [[], []]);
    const report = await other.restore(file, password);
    assert.deepEqual(report, plan);
    assert.deepEqual([report.created.length, report.secrets.created], [4, ['db/main', 'old']]);
    // All but the event of the backup itself.
    assert.deepEqual(report.audit, log.slice(0, -1));
    assert.deepEqual(await allKeys(other), await allKeys(vault));
    assert.deepEqual(await allSecrets(other), await allSecrets(vault));
    assert.equal(String(await other.decrypt(ciphertext)), 'hello');
    for (const version of [1, 2]) {
      using value = await other.secrets.get('db/main', version);
      assert.equal(Buffer.from(value.expose()).toString(), version === 1 ? 'one' : 'two');
    }
    await other.secrets.undelete('old');
    assert.deepEqual((await lastEvents(other, 2))[0], {
      ...{ kind: 'BackupRestored', format: 'holdfast' },
      ...{ keys: 4, secrets: 2 },
    });
    assert.equal(await other.audit.verify(), await revisionOf(other));
    const known = await revisionOf(other);
    const again = await other.restore(file, password);
    assert.deepEqual([again.unchanged.length, again.secrets.unchanged.length], [4, 2]);
    assert.deepEqual([again.created, again.updated, again.conflicts], [[], [], []]);
    assert.equal(await revisionOf(other), known);
  });

  test('leaves what the vault has made since as it is (W10)', async (t) => {
    const { vault, id } = await filled(t);
    const file = await vault.backup(password, cheap);
    const versions = await vault.versions(id);
    await vault.promote(versions[2]?.id ?? '');
    await vault.rotate(id);
    await vault.secrets.set('db/main', Buffer.from('three'));
    const [keys, secrets] = [await allKeys(vault), await allSecrets(vault)];
    const report = await vault.restore(file, password);
    assert.deepEqual([report.created, report.updated], [[], []]);
    assert.deepEqual(report.conflicts.map(({ why }) => why).toSorted(), [
      'the vault has it Deprecated, not Active',
      'the vault has it Deprecated, not Pending',
    ]);
    assert.deepEqual(report.secrets.conflicts, []);
    assert.deepEqual([await allKeys(vault), await allSecrets(vault)], [keys, secrets]);
    // Told to, it takes back states, and still no older version is in use beside a newer one.
    await vault.restore(file, password, { overwrite: true });
    const states = (await vault.versions(id)).map(({ state }) => state);
    assert.deepEqual(states, ['Deprecated', 'Deprecated', 'Pending', 'Active']);
  });

  test('adds later values of secrets, and tells of others', async (t) => {
    const { vault } = await filled(t);
    const other = await openVault(t);
    await other.restore(await vault.backup(password, cheap), password);
    await vault.secrets.set('db/main', Buffer.from('three'));
    const report = await other.restore(await vault.backup(password, cheap), password);
    assert.deepEqual(report.secrets.updated, ['db/main']);
    assert.equal((await other.secrets.info('db/main'))?.version, 3);
    await vault.secrets.set('db/main', Buffer.from('four'));
    await other.secrets.set('db/main', Buffer.from('4'));
    const file = await vault.backup(password, cheap);
    const { secrets } = await other.restore(file, password);
    const why = 'the vault has another value at version 4';
    assert.deepEqual(secrets.conflicts, [{ name: 'db/main', why }]);
    await other.restore(file, password, { overwrite: true });
    using value = await other.secrets.get('db/main');
    assert.equal(Buffer.from(value.expose()).toString(), 'four');
    assert.deepEqual(await allSecrets(other), await allSecrets(vault));
    await other.secrets.delete('db/main');
    await vault.secrets.set('db/main', Buffer.from('five'));
    const late = await other.restore(await vault.backup(password, cheap), password);
    assert.deepEqual(
      late.secrets.conflicts.map(({ why }) => why),
      ['the vault has deleted it'],
    );
  });

  test('holds a rotation that has happened twice: every version and its bytes (W1)', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const made = [];
    for (let version = 1; version <= 5; version += 1) {
      made.push(await vault.encrypt(id, Buffer.from(`by ${version}`)));
      await vault.rotate(id);
    }
    const other = await openVault(t);
    await other.restore(await vault.backup(password, cheap), password);
    for (const [index, ciphertext] of made.entries()) {
      assert.equal(String(await other.decrypt(ciphertext)), `by ${index + 1}`);
    }
    const next = await other.rotate(id);
    assert.deepEqual([next.version, next.baseId], [7, id]);
  });

  test('is of one moment, however many rotate meanwhile', async (t) => {
    const vault = await openVault(t);
    const [a, b] = [await vault.create(), await vault.create()];
    let isDone = false;
    const rotate = async () => {
      for (let round = 0; round < 40; round += 1) {
        // In this order: no moment has more versions of the second than of the first.
        await vault.rotate(a.id);
        await vault.rotate(b.id);
      }
      isDone = true;
    };
    const files: Buffer[] = [];
    const keep = async () => {
      while (!isDone) files.push(await vault.backup(password, cheap));
    };
    await Promise.all([rotate(), keep()]);
    assert.ok(files.length > 1);
    const step = Math.ceil(files.length / 5);
    for (const file of files.filter((_, index) => index % step === 0)) {
      const other = await openVault(t);
      await other.restore(file, password);
      const [ofA, ofB] = [await other.versions(a.id), await other.versions(b.id)];
      assert.ok([0, 1].includes(ofA.length - ofB.length));
      for (const versions of [ofA, ofB]) {
        assert.deepEqual(
          versions.map(({ version }) => version),
          versions.map((_, at) => at + 1),
        );
        assert.equal(versions.filter(({ state }) => state === 'Active').length, 1);
      }
    }
  });

  test('ends with the signal, before anything is written', async (t) => {
    const { vault } = await filled(t);
    const file = await vault.backup(password, cheap);
    const known = await revisionOf(vault);
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(vault.backup(password, { signal, ...cheap }), /enough/);
    await assert.rejects(vault.restore(file, password, { signal }), /enough/);
    await assert.rejects(vault.importKey(file, password, { signal }), code('FORMAT_INVALID'));
    assert.equal(await revisionOf(vault), known);
  });

  test('with a wrong password writes nothing (W3)', async (t) => {
    const { vault } = await filled(t);
    const file = await vault.backup(password, cheap);
    const other = await openVault(t);
    const had = await revisionOf(other);
    await assert.rejects(other.restore(file, Buffer.from('other')), code('UNLOCK_FAILED'));
    assert.deepEqual([await allKeys(other), await revisionOf(other)], [[], had]);
  });

  test('that asks for too much is refused before anything is derived (W11)', async (t) => {
    const { vault } = await filled(t);
    const file = await vault.backup(password, cheap);
    for (const [offset, byte] of [
      [10, 0xff],
      [14, 17],
      [14, 0],
      [15, 17],
      [15, 0],
    ] as const) {
      const other = Buffer.from(file);
      other[offset] = byte;
      await assert.rejects(vault.restore(other, password), code('KDF_LIMITS'));
    }
  });

  test('with a state changed is refused, where rust-keyvault takes it (W7)', async (t) => {
    const { vault } = await filled(t);
    const file = await vault.backup(password, { comment: 'of 2026', ...cheap });
    const other = Buffer.from(file.toString('latin1').replace('of 2026', 'of 2027'), 'latin1');
    await assert.rejects(vault.restore(other, password), code('TAMPERED'));
    // Past the header everything is encrypted, and one bit of it is as good as any other.
    const last = Buffer.from(file);
    last.writeUInt8((last.at(-20) ?? 0) ^ 4, last.length - 20);
    await assert.rejects(vault.restore(last, password), code('TAMPERED'));
  });
});

describe('two vaults that went their own ways', () => {
  const STATES = ['Pending', 'Active', 'Rotating', 'Deprecated', 'Revoked'];
  const step = fc.record({
    what: fc.constantFrom('rotate', 'stage', 'promote', 'deprecate', 'revoke'),
    key: fc.nat({ max: 2 }),
    version: fc.nat({ max: 5 }),
  });
  const ids = ['1', '2', '3'].map((digit) => digit.repeat(32));

  /** What the steps say, as far as the states of the keys let them. */
  async function go(
    vault: Vault,
    steps: readonly { what: string; key: number; version: number }[],
  ) {
    for (const { what, key, version } of steps) {
      const id = ids[key] ?? '';
      const one = (await vault.versions(id)).at(version)?.id ?? id;
      const done =
        what === 'rotate' || what === 'stage'
          ? vault.rotate(id, { stage: what === 'stage' })
          : what === 'promote'
            ? vault.promote(one)
            : what === 'revoke'
              ? vault.revoke(one)
              : vault.deprecate(one);
      await done.catch((error: { code?: string }) => assert.equal(error.code, 'KEY_STATE'));
    }
  }

  test('come together without a version lost, taken back, or in use beside another', async () => {
    const given = fc.tuple(
      ...([fc.array(step, { maxLength: 6 }), fc.array(step, { maxLength: 6 })] as const),
      ...([fc.array(step, { maxLength: 6 }), fc.boolean()] as const),
    );
    await fc.assert(
      fc.asyncProperty(given, async ([shared, mine, theirs, overwrite]) => {
        vaults += 2;
        await using one = await Vault.open({ ephemeral: true, name: `apart-${vaults}` });
        await using two = await Vault.open({ ephemeral: true, name: `apart-${vaults + 1}` });
        for (const id of ids) await one.create({ id });
        await go(one, shared);
        await two.restore(await one.backup(password, cheap), password);
        await go(one, mine);
        await go(two, theirs);
        const had = await allKeys(two);
        const [theirs2, file] = [await allKeys(one), await one.backup(password, cheap)];
        const report = await two.restore(file, password, { overwrite });
        const has = new Map((await allKeys(two)).map((info) => [info.id, info]));
        for (const { id, state } of had) {
          const after = has.get(id)?.state ?? '';
          if (state === 'Revoked') assert.equal(after, 'Revoked');
          if (!overwrite) assert.ok(STATES.indexOf(after) >= STATES.indexOf(state));
        }
        for (const { id } of theirs2) assert.ok(has.has(id), `${id} is lost`);
        for (const id of ids) {
          const versions = await two.versions(id);
          const inUse = versions.filter(({ state }) => state === 'Active' || state === 'Rotating');
          assert.ok(inUse.length <= 1);
        }
        const { created, updated, unchanged, conflicts } = report;
        const told = new Set([
          ...created,
          ...updated,
          ...unchanged,
          ...conflicts.map((it) => it.id),
        ]);
        for (const { id } of theirs2) assert.ok(told.has(id), `${id} is not told of`);
        const again = await two.restore(file, password, { overwrite });
        assert.deepEqual([again.created, again.updated], [[], []]);
        await two.audit.verify();
      }),
      { numRuns: 40 },
    );
  });
});

describe('a restore of 2,000 keys', () => {
  let file: Buffer;

  before(async () => {
    await using vault = await Vault.open({ ephemeral: true, name: 'exchange-many' });
    await Promise.all(
      Array.from({ length: 2000 }, (_, index) => vault.create({ label: `${index}` })),
    );
    file = await vault.backup(password, cheap);
  });

  test('that fails half way has done nothing; that succeeds has done all', async (t) => {
    const dir = newDirectory(t);
    const unlock = { keyFile: join(dir, 'key') };
    await using vault = await Vault.open({ dir, unlock, durability: 'process' });
    const mine = await vault.create();
    const known = await revisionOf(vault);
    const database = new DatabaseSync(join(dir, 'vault.db'));
    database.exec(`CREATE TRIGGER half AFTER INSERT ON keys
      WHEN (SELECT count(*) FROM keys) > 1000 BEGIN SELECT RAISE(ABORT, 'half way'); END`);
    await assert.rejects(vault.restore(file, password), /half way/);
    assert.deepEqual((await vault.list()).items, [mine]);
    assert.equal(await revisionOf(vault), known);
    database.exec('DROP TRIGGER half');
    database.close();
    const report = await vault.restore(file, password);
    assert.equal(report.created.length, 2000);
    await using other = await Vault.open({ dir, unlock });
    assert.equal((await other.list({ limit: 10_000 })).items.length, 2001);
  });

  test('leaves one that is there otherwise, and brings the others', async (t) => {
    const vault = await openVault(t);
    await vault.restore(file, password);
    const all = (await vault.list({ limit: 10_000 })).items;
    const other = await openVault(t);
    const id = all[1000]?.id ?? '';
    await other.create({ id });
    const report = await other.restore(file, password);
    assert.deepEqual([report.created.length, report.conflicts.map((one) => one.id)], [1999, [id]]);
  });
});
