import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { thisHost } from '../src/engine/files.ts';
import { placeFindings } from '../src/vault/doctor/inspect.ts';
import { findDamage, inspectVault, newRecoveryCode, Vault } from '../src/vault.ts';
import { bin } from './support/store-line.ts';
import { CommandLine } from './vault/command-line.ts';

interface Place {
  readonly dir: string;
  readonly unlock: { readonly keyFile: string };
  /** Of two keys, the first with two versions. */
  readonly ids: readonly string[];
}

/** With two keys, and two secrets of which one has two versions. */
async function filled(t: TestContext): Promise<Place> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-damage-')));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const dir = join(root, 'data');
  mkdirSync(dir, { mode: 0o700 });
  const unlock = { keyFile: join(root, 'key') };
  await using vault = await Vault.open({ dir, unlock });
  const [one, other] = [await vault.create(), await vault.create()];
  await vault.rotate(one.id);
  await vault.secrets.set('db', Buffer.from('first'));
  await vault.secrets.set('db', Buffer.from('second'));
  await vault.secrets.set('token', Buffer.from('third'));
  return { dir, unlock, ids: [one.id, other.id] };
}

function change(dir: string, sql: string): void {
  const database = new DatabaseSync(join(dir, 'vault.db'));
  database.exec('PRAGMA foreign_keys = OFF');
  assert.ok(Number(database.prepare(sql).run().changes) > 0, `changes nothing: ${sql}`);
  database.close();
}

/** What is damaged, and how that is told. */
const DAMAGES: readonly (readonly [sql: string, told: RegExp])[] = [
  ['UPDATE vault SET state = zeroblob(length(state))', /state of the vault/],
  ['UPDATE vault SET created_at = created_at + 1', /way in/],
  ["INSERT INTO slots SELECT 'x' || id, slot FROM slots", /way in/],
  ["UPDATE keys SET state = 'Active' WHERE state = 'Deprecated'", /key [0-9a-f]{32}/],
  ["UPDATE keys SET algorithm = 'none' WHERE version = 2", /a record of a key/],
  ['UPDATE keys SET sealed = zeroblob(72) WHERE version = 2', /key [0-9a-f]{32}/],
  ['DELETE FROM keys WHERE version = 2', /keys were removed/],
  ['UPDATE secret_versions SET sealed = zeroblob(50) WHERE version = 2', /'db'.*version 2/],
  ["UPDATE secrets SET sealed_key = zeroblob(72) WHERE name = 'token'", /'token'.*version 1/],
  ["DELETE FROM secret_versions WHERE name = 'db' AND version = 1", /secrets were removed/],
  ["DELETE FROM secrets WHERE name = 'token'", /secrets were removed/],
  ['UPDATE secrets SET tags = \'{"a":"b"}\' WHERE name = \'db\'', /secrets were removed/],
  ['UPDATE audit SET detail = detail || char(32) WHERE sequence = 3', /log .*event 3/],
  ['DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)', /log .*ends/],
];

describe('a look for damage', () => {
  test('finds none in a vault that is whole', async (t) => {
    assert.deepEqual(await findDamage(await filled(t)), []);
  });

  for (const [sql, told] of DAMAGES) {
    test(`says what was changed by ${sql}`, async (t) => {
      const place = await filled(t);
      change(place.dir, sql);
      const found = await findDamage(place);
      assert.equal(found.length, 1, JSON.stringify(found));
      assert.equal(found[0]?.code, 'tampered');
      assert.match(found[0]?.text ?? '', told);
    });
  }

  test('names each of several keys, and no more than can be read', async (t) => {
    const place = await filled(t);
    {
      await using vault = await Vault.open(place);
      for (let count = 0; count < 30; count += 1) await vault.create();
    }
    change(place.dir, 'UPDATE keys SET created_at = created_at + 1');
    const found = (await findDamage(place)).map(({ text }) => text);
    assert.equal(found.length, 21);
    assert.match(found[0] ?? '', new RegExp(`key ${place.ids[0]}|key [0-9a-f]{32}`));
    assert.match(found.at(-1) ?? '', /13 more/);
  });

  test('is refused without a way in, and where there is no vault', async (t) => {
    const place = await filled(t);
    const other = { ...place, unlock: { password: Buffer.from('another') } };
    await assert.rejects(findDamage(other), { code: 'UNLOCK_FAILED' });
    const nowhere = { ...place, dir: join(place.dir, 'none') };
    await assert.rejects(findDamage(nowhere), { code: 'STORE_MISSING' });
  });
});

describe('a look from outside', () => {
  const codes = (dir: string) => inspectVault({ dir }).findings.map(({ code }) => code);

  test('finds a schema that only a later Holdfast knows', async (t) => {
    const { dir, unlock } = await filled(t);
    assert.ok(!codes(dir).includes('newer-schema'));
    const setVersion = (version: number) => {
      const database = new DatabaseSync(join(dir, 'vault.db'));
      const { user_version: before } = database.prepare('PRAGMA user_version').get() ?? {};
      database.exec(`PRAGMA user_version = ${version}`);
      database.close();
      return Number(before);
    };
    const before = setVersion(99);
    assert.ok(codes(dir).includes('newer-schema'));
    await assert.rejects(Vault.open({ dir, unlock }), { code: 'SCHEMA_TOO_NEW' });
    setVersion(before);
    assert.ok(!codes(dir).includes('newer-schema'));
  });

  test('finds a file system of another machine', async (t) => {
    if (process.platform !== 'linux') return t.skip('file systems are told by Linux’ numbers');
    const { dir } = await filled(t);
    const file = join(dir, 'vault.db');
    const nfs = { ...thisHost, fileSystemType: () => 0x6969 };
    assert.deepEqual(
      placeFindings(file, nfs).map(({ code }) => code),
      ['network-file-system'],
    );
    assert.deepEqual(placeFindings(file), []);
  });

  test('finds files of somebody else', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root can give files away');
    const { dir } = await filled(t);
    for (const name of ['.', 'vault.db', 'vault.lock']) {
      chownSync(join(dir, name), 12_345, 0);
      assert.ok(codes(dir).includes('foreign-owner'), name);
      // SQLite gives its files to whom the database belongs.
      for (const file of ['.', ...readdirSync(dir)]) chownSync(join(dir, file), 0, 0);
      assert.ok(!codes(dir).includes('foreign-owner'), name);
    }
  });
});

describe('holdfast vault doctor', () => {
  test('says of a vault that cannot be opened what was changed, and exits 1', async (t) => {
    const line = new CommandLine(t);
    await line.with((vault) => vault.secrets.set('token', Buffer.from('value')));
    change(line.path('data'), 'UPDATE secret_versions SET sealed = zeroblob(60)');
    const told = await line.run(['doctor']);
    assert.equal(told.code, 1, told.stderr);
    assert.match(told.stdout, /problem: the secret 'token' .*\(version 1\) \(tampered\)/);
    change(line.path('data'), 'UPDATE vault SET vault_id = zeroblob(16)');
    const closed = await line.run(['doctor', '--json']);
    assert.equal(closed.code, 1);
    assert.match(closed.stderr, /UNLOCK_FAILED/);
  });

  test('says of a file that is none of a vault what it can', async (t) => {
    const line = new CommandLine(t);
    await line.with(() => Promise.resolve());
    line.file('data/vault.db', 'not a database, but for its length'.repeat(100));
    rmSync(line.path('data/vault.db-wal'), { force: true });
    const told = await line.run(['doctor', '--json']);
    assert.equal(told.code, 1, told.stderr);
    const { is_opened, findings } = JSON.parse(told.stdout);
    assert.equal(is_opened, false);
    assert.ok(
      findings.some(({ code }: { code: string }) => code === 'store'),
      told.stdout,
    );
  });
});

describe('holdfast doctor', () => {
  async function doctor(dir: string): Promise<{ code: number; stdout: string }> {
    const { NODE_TEST_CONTEXT: _, NODE_EXTRA_CA_CERTS: __, ...env } = process.env;
    const child = spawn(process.execPath, [bin, 'doctor', '--dir', dir, '--json'], { env });
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return { code, stdout };
  }

  test('finds the vault of a data directory, and says what can be said from outside', async (t) => {
    const { dir, unlock } = await filled(t);
    {
      await using vault = await Vault.open({ dir, unlock });
      await vault.slots.add({ recoveryCode: newRecoveryCode() });
    }
    const good = await doctor(dir);
    const { stores, vault } = JSON.parse(good.stdout);
    assert.deepEqual([good.code, stores[0].store, stores[0].schemaVersion], [0, 'vault', '1']);
    assert.deepEqual(vault.slots.length, 2);
    change(dir, "UPDATE slots SET slot = x'00' WHERE rowid = 1");
    const bad = await doctor(dir);
    assert.equal(bad.code, 1);
    assert.match(bad.stdout, /unreadable-way-in/);
  });
});
