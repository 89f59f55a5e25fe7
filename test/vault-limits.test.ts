import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { newRecipientKeys } from '../src/vault/slots/recipient.ts';
import { Vault } from '../src/vault.ts';
import { directoryOf, openVault } from './vault/file-vault.ts';

/** As little as there is: what is tested here is not Argon2. */
const argon2 = { memoryKib: 8, passes: 1, parallelism: 1 };
const password = (text: string) => ({ password: Buffer.from(text), argon2 });

describe('a time that is as late as a number goes', () => {
  const last = Number.MAX_SAFE_INTEGER;

  test('stays one when the key is rotated, and the vault opens', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir, { now: () => 1_000_000 });
    const { id } = await vault.create({ encryptUntil: last - 5, decryptUntil: last });
    const later = await openVault(t, dir, { now: () => 2_000_000 });
    const next = await later.rotate(id);
    assert.deepEqual([next.encryptUntil, next.decryptUntil], [last, last]);
    const again = await openVault(t, dir);
    assert.equal((await again.versions(id)).length, 2);
  });

  test('is how long a deleted secret stays, or longer', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    for (const [name, graceMs] of [
      ['a', last],
      ['b', Number.POSITIVE_INFINITY],
      ['c', 1e300],
    ] as const) {
      await vault.secrets.set(name, Buffer.from('value'));
      assert.equal((await vault.secrets.delete(name, { graceMs })).purgeAt, last);
    }
    const again = await openVault(t, dir);
    assert.deepEqual(await again.secrets.purge(), []);
    await again.secrets.undelete('a');
  });
});

test('a key that came with limits from before it was made rotates to one that has ended', async (t) => {
  const dir = directoryOf(t);
  const vault = await openVault(t, dir, { now: () => 9_000_000 });
  const { id } = await vault.create({ encryptUntil: 1, decryptUntil: 2 });
  const next = await vault.rotate(id);
  assert.deepEqual([next.encryptUntil, next.decryptUntil], [9_000_000, 9_000_000]);
  await openVault(t, dir);
});

test('a rotation cannot say a limit that outlives the one the key has', async (t) => {
  const vault = await openVault(t, directoryOf(t), { now: () => 1_000_000 });
  const { id } = await vault.create({ decryptUntil: 1_000_100 });
  await assert.rejects(vault.rotate(id, { encryptUntil: 1_000_200 }), { name: 'RangeError' });
  assert.equal((await vault.latest(id)).version, 1);
  // So that a backup of it can be read again.
  await vault.rotate(id, { encryptUntil: 1_000_200, decryptUntil: 1_000_300 });
  const file = await vault.backup(Buffer.from('p'), { argon2 });
  const other = await openVault(t, directoryOf(t));
  assert.equal((await other.restore(file, Buffer.from('p'))).created.length, 2);
});

describe('a vault', () => {
  test('takes no more passwords than it opens with', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    for (let count = 1; count <= 16; count += 1) await vault.slots.add(password(`${count}`));
    await assert.rejects(vault.slots.add(password('17')), { code: 'CONFLICT' });
    await assert.rejects(vault.slots.replace(password('17')), { code: 'CONFLICT' });
    const [one] = (await vault.slots.list()).filter(({ kind }) => kind === 'password');
    await vault.slots.replace(password('another'), one?.id);
    await openVault(t, dir, { unlock: password('another') });
    await vault.slots.add({ command: ['printf', 'sixteen bytes of it'] });
  });

  test('takes no more ways in than it opens with', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    const { publicKey } = newRecipientKeys();
    await Promise.all(Array.from({ length: 999 }, () => vault.slots.add({ publicKey })));
    await assert.rejects(vault.slots.add({ publicKey }), { code: 'CONFLICT' });
    await vault.slots.replace({ publicKey }, (await vault.slots.list())[7]?.id);
    assert.equal((await (await openVault(t, dir)).slots.list()).length, 1000);
  });

  test('in memory has no ways in, and stays open to all of the process', async (t) => {
    const options = { ephemeral: true, name: 'limits' } as const;
    await using vault = await Vault.open(options);
    assert.deepEqual(await vault.slots.list(), []);
    const way = { keyFile: join(directoryOf(t), 'key') };
    await assert.rejects(vault.slots.add(way), { name: 'TypeError' });
    await assert.rejects(vault.slots.replace(way), { name: 'TypeError' });
    await assert.rejects(vault.slots.remove('memory'), { code: 'NOT_FOUND' });
    const { id } = await vault.create();
    await using other = await Vault.open(options);
    assert.equal((await other.get(id))?.version, 1);
  });

  test('whose time of making was changed is refused', async (t) => {
    const dir = directoryOf(t);
    await (await openVault(t, dir)).close();
    const database = new DatabaseSync(join(dir, 'vault.db'));
    database.exec('UPDATE vault SET created_at = created_at - 1');
    database.close();
    await assert.rejects(openVault(t, dir), { code: 'TAMPERED' });
  });

  test('is not opened past a failed attempt that no attempt has written', async (t) => {
    const dir = directoryOf(t);
    await (await openVault(t, dir)).close();
    const database = new DatabaseSync(join(dir, 'vault.db'));
    database.exec('INSERT INTO attempts (at) VALUES (9223372036854775807)');
    database.close();
    await assert.rejects(openVault(t, dir), { code: 'CORRUPT' });
  });
});
