import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Vault } from '../src/vault.ts';
import { directoryOf, openVault } from './vault/file-vault.ts';

const bytes = (text: string) => Buffer.from(text);

async function textOf(vault: Vault, reference: string): Promise<string> {
  using secret = await vault.secrets.resolve(reference);
  return Buffer.from(secret.expose()).toString();
}

test('a secret has all of its versions, each by its reference', async (t) => {
  const { secrets } = await openVault(t, directoryOf(t));
  const vault = await openVault(t, directoryOf(t));
  await vault.secrets.set('db/main', bytes('{"user":"me","password":"one","port":5432}'));
  const info = await vault.secrets.set('db/main', bytes('{"user":"me","password":"two"}'), {
    tags: { env: 'test' },
    expectedVersion: 1,
  });
  assert.deepEqual([info.version, info.tags], [2, { env: 'test' }]);
  assert.equal(await textOf(vault, 'vault://db/main#password'), 'two');
  assert.equal(await textOf(vault, 'vault://db/main#password@1'), 'one');
  assert.equal(await textOf(vault, 'vault://db/main#port@1'), '5432');
  assert.equal(await textOf(vault, 'vault://db/main@2'), '{"user":"me","password":"two"}');
  await assert.rejects(textOf(vault, 'vault://db/main#token'), { code: 'FORMAT_INVALID' });
  await assert.rejects(textOf(vault, 'vault://db/main@3'), { code: 'NOT_FOUND' });
  await assert.rejects(textOf(vault, 'vault://db/other'), { code: 'NOT_FOUND' });
  await assert.rejects(textOf(vault, 'db/main'), { name: 'RangeError' });
  const late = vault.secrets.set('db/main', bytes('three'), { expectedVersion: 1 });
  await assert.rejects(late, { code: 'CONFLICT' });
  await assert.rejects(secrets.get('db/main'), { code: 'NOT_FOUND' });
});

test('a secret is of any bytes, from none to a megabyte', async (t) => {
  const dir = directoryOf(t);
  const vault = await openVault(t, dir);
  const large = Buffer.alloc(1 << 20, 0xa5);
  await vault.secrets.set('empty', new Uint8Array(0));
  await vault.secrets.set('large', large);
  const again = await openVault(t, dir);
  using empty = await again.secrets.get('empty');
  using found = await again.secrets.get('large');
  assert.equal(empty.sizeBytes, 0);
  assert.deepEqual(Buffer.from(found.expose()), large);
  assert.ok(!readFileSync(join(dir, 'vault.db')).includes(large.subarray(0, 64)));
});

test('a secret that is deleted comes back within its grace, and is shredded after it', async (t) => {
  let now = 1_000_000;
  const dir = directoryOf(t);
  const vault = await openVault(t, dir, { now: () => now });
  await vault.secrets.set('token', bytes('value'));
  await vault.secrets.delete('token', { graceMs: 1000 });
  await assert.rejects(vault.secrets.get('token'), { code: 'NOT_FOUND' });
  await assert.rejects(vault.secrets.set('token', bytes('other')), { code: 'NOT_FOUND' });
  assert.deepEqual((await vault.secrets.list()).items, []);
  assert.equal((await vault.secrets.list({ includeDeleted: true })).items.length, 1);
  await vault.secrets.undelete('token');
  assert.equal(await textOf(vault, 'vault://token'), 'value');
  await vault.secrets.delete('token', { graceMs: 1000 });
  now += 999;
  assert.deepEqual(await vault.secrets.purge(), []);
  now += 1;
  assert.deepEqual(await vault.secrets.purge(), ['token']);
  assert.equal(await vault.secrets.info('token'), undefined);
  await vault.audit.verify();
  await openVault(t, dir);
});

test('secrets are listed by name, prefix and tags, page by page', async (t) => {
  const vault = await openVault(t, directoryOf(t));
  for (let index = 0; index < 25; index += 1) {
    const tags = { parity: index % 2 ? 'odd' : 'even' };
    await vault.secrets.set(`s/${String(index).padStart(2, '0')}`, bytes('x'), { tags });
  }
  await vault.secrets.set('other', bytes('x'));
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await vault.secrets.list({ prefix: 's/', limit: 10, cursor });
    names.push(...page.items.map(({ name }) => name));
    ({ cursor } = page);
  } while (cursor !== undefined);
  assert.equal(names.length, 25);
  assert.deepEqual(names, names.toSorted());
  const even = await vault.secrets.list({ tags: { parity: 'even' } });
  assert.equal(even.items.length, 13);
});

test('rows of secrets that were swapped, put back or removed are found when the vault opens', async (t) => {
  const damages = [
    "UPDATE secrets SET tags = '{}' WHERE name = 'a'",
    "UPDATE secrets SET deleted_at = NULL WHERE name = 'b'",
    "DELETE FROM secret_versions WHERE name = 'a' AND version = 1",
    "DELETE FROM secrets WHERE name = 'a'",
    `UPDATE secret_versions SET sealed = (SELECT sealed FROM secret_versions
      WHERE name = 'a' AND version = 1) WHERE name = 'a' AND version = 2`,
  ];
  for (const damage of damages) {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    await vault.secrets.set('a', bytes('one'), { tags: { env: 'test' } });
    await vault.secrets.set('a', bytes('two'));
    await vault.secrets.set('b', bytes('gone'));
    await vault.secrets.delete('b');
    await vault.close();
    const database = new DatabaseSync(join(dir, 'vault.db'));
    database.exec(damage);
    database.close();
    await assert.rejects(openVault(t, dir), { code: 'TAMPERED' }, damage);
  }
});
