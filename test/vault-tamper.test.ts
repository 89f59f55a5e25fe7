import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { HoldfastError } from '../src/errors.ts';
import { Vault } from '../src/vault.ts';
import { makeSpecimen } from './vault/damage.ts';
import type { DamageReport } from './vault/damage-tally.ts';
import { directoryOf } from './vault/file-vault.ts';
import { runDamage } from './vault/run-damage.ts';

const open = (dir: string) => Vault.open({ dir, unlock: { keyFile: join(dir, 'key') } });

function change(dir: string, ...statements: string[]): void {
  const database = new DatabaseSync(join(dir, 'vault.db'));
  for (const sql of statements) {
    assert.ok(Number(database.prepare(sql).run().changes) > 0, `changes nothing: ${sql}`);
  }
  database.close();
}

/** Two keys, one of them with three versions of which one is revoked. */
async function filled(t: TestContext): Promise<{ readonly dir: string; readonly id: string }> {
  const dir = directoryOf(t);
  await using vault = await open(dir);
  const { id } = await vault.create({ decryptUntil: 2 ** 42, label: 'a' });
  await vault.rotate(id);
  const { id: third } = await vault.rotate(id);
  await vault.create({ label: 'b' });
  await vault.revoke(third);
  return { dir, id };
}

const COLUMNS = `id, base_id, version, state, algorithm, label, created_at, created_ns,
  encrypt_until, decrypt_until, until_ns, revision, sealed`;

const row = (version: number) => `version = ${version} AND label = 'a'`;

describe('a record of a key', () => {
  const damages: Readonly<Record<string, readonly string[]>> = {
    'whose state was edited': [`UPDATE keys SET state = 'Active' WHERE ${row(3)}`],
    'that lasts longer': [`UPDATE keys SET decrypt_until = decrypt_until + 1 WHERE ${row(1)}`],
    'that lasts for ever': [`UPDATE keys SET decrypt_until = NULL WHERE ${row(1)}`],
    'with another label': [`UPDATE keys SET label = 'b' WHERE ${row(1)}`],
    'with another version': [`UPDATE keys SET version = 9 WHERE ${row(2)}`],
    'with another algorithm': [`UPDATE keys SET algorithm = 'Aes256Gcm' WHERE ${row(2)}`],
    'that is younger': [`UPDATE keys SET created_at = created_at + 1 WHERE ${row(2)}`],
    'that has another one’s material': [
      `UPDATE keys SET sealed = (SELECT sealed FROM keys WHERE ${row(1)}) WHERE ${row(2)}`,
    ],
    'that was removed': [`DELETE FROM keys WHERE ${row(2)}`],
    'that is there twice': [`INSERT INTO keys SELECT 0, ${COLUMNS} FROM keys WHERE ${row(2)}`],
    'that is there under another name': [
      `INSERT INTO keys SELECT 99, x'00112233445566778899aabbccddeeff', base_id, 9,
        ${COLUMNS.slice('id, base_id, version, '.length)} FROM keys WHERE ${row(2)}`,
    ],
    'that was last changed at another time': [
      `UPDATE keys SET sequence = sequence + 100 WHERE ${row(2)}`,
    ],
    'that is no record': [`UPDATE keys SET sealed = x'00' WHERE ${row(2)}`],
    'with a state that there is not': [`UPDATE keys SET state = 'Free' WHERE ${row(2)}`],
    'in a vault without its state': ["UPDATE vault SET state = x''"],
    'in a vault with a way in that nobody made': [
      `INSERT INTO slots SELECT 'other', slot FROM slots`,
    ],
  };
  for (const [what, statements] of Object.entries(damages)) {
    test(`${what} is found when the vault opens`, async (t) => {
      const { dir } = await filled(t);
      change(dir, ...statements);
      await assert.rejects(open(dir), { code: 'TAMPERED' });
    });
    test(`${what} is not believed by who has read it before`, async (t) => {
      const { dir, id } = await filled(t);
      await using vault = await open(dir);
      const before = await vault.versions(id);
      change(dir, ...statements);
      try {
        await vault.create();
        assert.deepEqual(await vault.versions(id), before);
      } catch (error) {
        assert.equal((error as HoldfastError).code, 'TAMPERED');
      }
    });
  }

  test('that was put back from an older copy is found, also beside the newer one', async (t) => {
    const { dir, id } = await filled(t);
    const old = new DatabaseSync(join(dir, 'vault.db'));
    const before = old.prepare(`SELECT * FROM keys WHERE ${row(2)}`).get() ?? {};
    old.close();
    await using vault = await open(dir);
    const [, second] = await vault.versions(id);
    await vault.revoke(second?.id ?? '');
    await vault.close();
    const columns = Object.keys(before);
    for (const drop of [false, true]) {
      const database = new DatabaseSync(join(dir, 'vault.db'));
      if (drop) database.exec(`DELETE FROM keys WHERE ${row(2)}`);
      database
        .prepare(`REPLACE INTO keys (${columns}) VALUES (${columns.map(() => '?')})`)
        .run(...Object.values(before));
      database.close();
      await assert.rejects(open(dir), { code: 'TAMPERED' });
    }
  });
});

test('a vault that is put back whole is noticed by who has seen a later one', async (t) => {
  const { dir, id } = await filled(t);
  const copy = join(dir, 'copy.db');
  copyFileSync(join(dir, 'vault.db'), copy);
  await using vault = await open(dir);
  await vault.create();
  await vault.list();
  const database = new DatabaseSync(join(dir, 'vault.db'));
  database.exec(`ATTACH '${copy}' AS old;
    BEGIN; DELETE FROM keys; INSERT INTO keys SELECT * FROM old.keys;
    UPDATE vault SET state = (SELECT state FROM old.vault);
    DELETE FROM audit; INSERT INTO audit SELECT * FROM old.audit; COMMIT`);
  database.close();
  // Whether a foreign program has written is looked at every 20 ms.
  const since = performance.now();
  while (performance.now() - since < 25) await vault.list();
  await assert.rejects(vault.update(id, { label: 'new' }), { code: 'TAMPERED' });
});

const TABLES = ['vault', 'slots', 'keys', 'secrets', 'secret_versions', 'audit'];

/** Every choice of some tables, but not of none or all. */
function choices(): readonly (readonly string[])[] {
  const all = 2 ** TABLES.length - 1;
  return Array.from({ length: all - 1 }, (_, index) =>
    TABLES.filter((_table, place) => ((index + 1) >> place) & 1),
  );
}

/** Puts these tables of another file into the place of those of the vault. */
function transplant(dir: string, from: string, tables: readonly string[]): void {
  const database = new DatabaseSync(join(dir, 'vault.db'));
  database.exec(`PRAGMA foreign_keys = OFF; ATTACH '${from}' AS other; BEGIN`);
  for (const table of tables) {
    database.exec(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM other.${table}`);
  }
  database.exec('COMMIT');
  database.close();
}

/** Opens it and reads what is sealed with it. */
async function readAll(dir: string): Promise<void> {
  await using vault = await open(dir);
  await vault.audit.verify();
  for (const { id } of (await vault.list({ state: 'Active' })).items) {
    (await vault.reveal(id)).dispose();
  }
  for (const { name } of (await vault.secrets.list()).items) {
    (await vault.secrets.get(name)).dispose();
  }
}

describe('tables of a vault that are put back without the others', () => {
  async function changed(t: TestContext): Promise<{ readonly dir: string; readonly old: string }> {
    const { dir } = await filled(t);
    const old = join(dir, 'old.db');
    await using vault = await open(dir);
    const { id } = await vault.create();
    await vault.secrets.set('name', Buffer.from('value'));
    await vault.secrets.set('other', Buffer.from('gone'));
    await vault.close();
    copyFileSync(join(dir, 'vault.db'), old);
    await using later = await open(dir);
    await later.rotate(id);
    await later.secrets.set('name', Buffer.from('later'));
    await later.secrets.shred('other');
    await later.slots.replace({ keyFile: join(dir, 'key') });
    await later.close();
    return { dir, old };
  }

  test('from an older copy are found, whichever they are (W7)', async (t) => {
    const { dir, old } = await changed(t);
    const whole = readFileSync(join(dir, 'vault.db'));
    for (const tables of choices()) {
      writeFileSync(join(dir, 'vault.db'), whole);
      transplant(dir, old, tables);
      await assert.rejects(readAll(dir), { code: 'TAMPERED' }, tables.join());
    }
    // All of them together are the vault as it was: only who has seen it later can tell.
    transplant(dir, old, TABLES);
    await readAll(dir);
  });

  test('from another vault with the same key file are found', async (t) => {
    const { dir } = await changed(t);
    const whole = readFileSync(join(dir, 'vault.db'));
    const other = directoryOf(t);
    copyFileSync(join(dir, 'key'), join(other, 'key'));
    await using theirs = await open(other);
    await theirs.create();
    await theirs.secrets.set('name', Buffer.from('theirs'));
    await theirs.close();
    for (const tables of choices()) {
      writeFileSync(join(dir, 'vault.db'), whole);
      transplant(dir, join(other, 'vault.db'), tables);
      const isRefused = ({ code }: { code?: string }) =>
        code === 'TAMPERED' || code === 'UNLOCK_FAILED';
      await assert.rejects(readAll(dir), isRefused, tables.join());
    }
  });
});

describe('the file of a vault', () => {
  const kinds = [
    ...['database-bits', 'database-cuts', 'database-pages', 'lock-bits', 'log-bits', 'log-cuts'],
  ];
  let home = '';
  let reports: ReadonlyMap<string, DamageReport>;

  before(async () => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-damage-')));
    await makeSpecimen(home);
    reports = await runDamage({ worker: 'damage-worker.ts', home, kinds, extent: 'some' });
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  for (const [name, what] of [
    ['with a bit turned', 'database-bits'],
    ['cut', 'database-cuts'],
    ['with a page in the place of another', 'database-pages'],
    ['whose lock file was changed', 'lock-bits'],
  ] as const) {
    test(`${name} says the same or is refused`, (t) => assertHarmless(t, reports.get(what)));
  }

  for (const [name, what] of [
    ['has a bit turned', 'log-bits'],
    ['is cut', 'log-cuts'],
  ] as const) {
    test(`whose log ${name} says what it has said, at the end or earlier`, (t) => {
      assertHarmless(t, reports.get(what));
    });
  }

  test('that is gone is made anew only where that is allowed', async (t) => {
    const { dir } = await filled(t);
    writeFileSync(join(dir, 'vault.db'), '');
    const unlock = { keyFile: join(dir, 'key') };
    await assert.rejects(Vault.open({ dir, unlock, create: false }), { code: 'STORE_MISSING' });
    await using vault = await open(dir);
    assert.deepEqual((await vault.list()).items, []);
  });
});

/** Beyond what the key derivation takes, which a key file does not need. */
const MEMORY_MAX_MIB = 64;

function assertHarmless(t: TestContext, report: DamageReport | undefined): void {
  assert.ok(report && report.tried > 0);
  t.diagnostic(JSON.stringify({ ...report, wrong: report.wrong.length }));
  assert.deepEqual(report.wrong, []);
  assert.ok(report.worstMib < MEMORY_MAX_MIB, `${report.worstMib} MiB`);
}
