import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { type AuditRecord, Vault } from '../src/vault.ts';
import { directoryOf, openVault } from './vault/file-vault.ts';

const kindsOf = (records: readonly AuditRecord[]) => records.map(({ event }) => event.kind);
const text = (value: string) => Buffer.from(value);

describe('the audit log', () => {
  test('has every change, in its order, and nothing that is secret', async (t) => {
    const vault = await openVault(t, directoryOf(t));
    const material = Buffer.alloc(32, 'canary');
    const { id } = await vault.create({ material });
    await vault.rotate(id);
    await vault.update(id, { label: 'named' });
    await vault.revoke(id);
    await vault.delete(id).catch(() => undefined);
    await vault.cleanup(id, { keep: 1 }).catch(() => undefined);
    const slot = await vault.slots.add({ command: ['printf', 'sixteen bytes of it'] });
    await vault.slots.remove(slot.id);
    await vault.secrets.set('name', text('canary value'));
    await vault.secrets.delete('name');
    await vault.secrets.shred('name');
    const records = await vault.audit.read();
    assert.deepEqual(kindsOf(records), [
      ...['VaultCreated', 'KeyCreated', 'KeyRotated', 'KeyUpdated'],
      ...['KeyStateChanged', 'KeyDeleted', 'SlotChanged', 'SlotChanged'],
      ...['SecretChanged', 'SecretChanged', 'SecretChanged'],
    ]);
    assert.deepEqual(
      records.map(({ sequence }) => sequence),
      records.map((_, index) => index + 1),
    );
    assert.ok(!JSON.stringify(records).includes('canary'));
    assert.equal(await vault.audit.verify(), records.length);
    assert.deepEqual(await vault.audit.read({ after: 10 }), records.slice(10));
    assert.deepEqual(await vault.audit.read({ after: 3, limit: 2 }), records.slice(3, 5));
    assert.deepEqual(await vault.audit.read({ last: 2 }), records.slice(-2));
    assert.deepEqual(await vault.audit.read({ last: 10_000 }), records);
  });

  test('has no event of what was refused', async (t) => {
    const vault = await openVault(t, directoryOf(t));
    const { id } = await vault.create();
    const before = await vault.audit.read();
    await assert.rejects(vault.rotate(id, { expectedVersion: 7 }), { code: 'CONFLICT' });
    await assert.rejects(vault.create({ id }), { code: 'CONFLICT' });
    assert.deepEqual(await vault.audit.read(), before);
  });

  test('has those who could not open the vault, when somebody can', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    await vault.close();
    for (const password of ['wrong', '']) {
      const attempt = Vault.open({ dir, unlock: { password: text(password) } });
      await assert.rejects(attempt, {
        code: 'UNLOCK_FAILED',
        message: 'the vault does not open with what was given',
      });
    }
    const records = await (await openVault(t, dir)).audit.read();
    const attempts = records.filter(({ event }) => event.kind === 'AuthenticationAttempt');
    assert.equal(attempts.length, 2);
    assert.ok(attempts.every(({ event }) => 'success' in event && !event.success));
    assert.equal((await (await openVault(t, dir)).audit.read()).length, records.length);
  });

  test('is followed as it grows', async (t) => {
    const dir = directoryOf(t);
    const [vault, other] = [await openVault(t, dir), await openVault(t, dir)];
    const seen: string[] = [];
    const following = (async () => {
      for await (const { event } of vault.audit.watch({ after: 0 })) {
        seen.push(event.kind);
        if (event.kind === 'KeyRotated') return;
      }
    })();
    const { id } = await other.create();
    await other.rotate(id);
    await following;
    assert.deepEqual(seen, ['VaultCreated', 'KeyCreated', 'KeyRotated']);
  });

  for (const damage of [
    "UPDATE audit SET detail = replace(detail, '1', '2') WHERE sequence = 2",
    'UPDATE audit SET at = at + 1 WHERE sequence = 3',
    'DELETE FROM audit WHERE sequence = 2',
    'DELETE FROM audit WHERE sequence >= 4',
    'UPDATE audit SET sequence = -sequence WHERE sequence IN (2, 3)',
    "UPDATE audit SET event = 'KeyDeleted' WHERE sequence = 4",
  ]) {
    test(`that was changed is not believed: ${damage}`, async (t) => {
      const dir = directoryOf(t);
      const vault = await openVault(t, dir);
      const { id } = await vault.create();
      await vault.rotate(id);
      await vault.rotate(id);
      await vault.audit.verify();
      const database = new DatabaseSync(join(dir, 'vault.db'));
      assert.ok(Number(database.prepare(damage).run().changes) > 0);
      database.close();
      await assert.rejects(vault.audit.verify(), { code: 'TAMPERED' });
    });
  }
});

describe('uses of keys', () => {
  async function use(vault: Vault): Promise<void> {
    const { id } = await vault.create();
    const ciphertext = await vault.encrypt(id, text('12345'));
    await vault.decrypt(ciphertext);
    await vault.decrypt(ciphertext, { aad: text('other') }).catch(() => undefined);
    (await vault.reveal(id)).dispose();
  }

  test('are not logged unless somebody wants it', async (t) => {
    const vault = await openVault(t, directoryOf(t));
    await use(vault);
    assert.deepEqual(kindsOf(await vault.audit.read()), ['VaultCreated', 'KeyCreated']);
  });

  const uses = ['EncryptionPerformed', 'DecryptionPerformed', 'DecryptionPerformed', 'KeyAccessed'];

  test('are logged before their result is given where that is strict', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir, { audit: 'strict' });
    const { id } = await vault.create();
    await vault.encrypt(id, text('12345'));
    const last = (await (await openVault(t, dir)).audit.read()).at(-1);
    assert.deepEqual(last?.event, { kind: 'EncryptionPerformed', keyId: id, sizeBytes: 5 });
  });

  test('are all logged a little later, and when the vault closes', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir, { audit: 'all' });
    await use(vault);
    const other = await openVault(t, dir);
    for await (const { event } of other.audit.watch({ after: 2 })) {
      if (event.kind === 'KeyAccessed') break;
    }
    await use(vault);
    await vault.close();
    const kinds = kindsOf(await other.audit.read());
    const begun = ['VaultCreated', 'KeyCreated', 'AuthenticationAttempt'];
    assert.deepEqual(kinds, [...begun, ...uses, 'KeyCreated', ...uses]);
    await other.audit.verify();
  });
});
