import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../src/errors.ts';
import { Vault } from '../src/vault.ts';

function directoryOf(t: TestContext): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-tamper-')));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

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

/** Everything that the vault in a directory says and does. */
async function storyOf(dir: string, ciphertext: Uint8Array): Promise<string> {
  await using vault = await open(dir);
  const { items } = await vault.list();
  const materials = [];
  for (const { id, state } of items) {
    if (state === 'Revoked') continue;
    using secret = await vault.reveal(id);
    materials.push(Buffer.from(secret.expose()).toString('hex'));
  }
  const records = await vault.audit.read();
  using value = await vault.secrets.get('name');
  const plaintext = await vault.decrypt(ciphertext);
  return JSON.stringify([items, materials, records, value.text(), plaintext.toString()]);
}

describe('the file of a vault', () => {
  async function small(t: TestContext) {
    const dir = directoryOf(t);
    const vault = await open(dir);
    const { id } = await vault.create();
    const ciphertext = await vault.encrypt(id, Buffer.from('text'));
    await vault.rotate(id);
    await vault.secrets.set('name', Buffer.from('value'));
    await vault.close();
    const file = join(dir, 'vault.db');
    return {
      dir,
      file,
      whole: readFileSync(file),
      ciphertext,
      story: await storyOf(dir, ciphertext),
    };
  }

  /** Whether it says the same, or refuses in words of ours. */
  async function isSameOrRefused(dir: string, ciphertext: Uint8Array, story: string) {
    try {
      assert.equal(await storyOf(dir, ciphertext), story);
    } catch (error) {
      assert.ok(error instanceof HoldfastError, String(error));
    }
  }

  test('with any bit turned says the same or is refused', async (t) => {
    const { dir, file, whole, ciphertext, story } = await small(t);
    const place = fc.integer({ min: 0, max: whole.length * 8 - 1 });
    await fc.assert(
      fc.asyncProperty(place, async (bit) => {
        const changed = Buffer.from(whole);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        writeFileSync(file, changed);
        await isSameOrRefused(dir, ciphertext, story);
      }),
      { numRuns: 400 },
    );
  });

  test('cut anywhere says the same or is refused', async (t) => {
    const { dir, file, whole, ciphertext, story } = await small(t);
    for (let cut = 0; cut < 60; cut += 1) {
      writeFileSync(file, whole);
      truncateSync(file, Math.floor((whole.length * cut) / 60));
      // An empty file is no vault yet, and one is made in it.
      if (cut > 0) await isSameOrRefused(dir, ciphertext, story);
    }
  });
});
