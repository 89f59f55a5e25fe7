import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { type AuditEvent, type AuditPolicy, Vault } from '../src/vault.ts';

/** A vault and another handle of it, which sees what is committed. */
async function openVaults(t: TestContext, audit: AuditPolicy): Promise<readonly [Vault, Vault]> {
  const name = randomUUID();
  const vault = await Vault.open({ ephemeral: true, name, audit });
  const other = await Vault.open({ ephemeral: true, name });
  t.after(() => Promise.all([vault.close(), other.close()]));
  return [vault, other];
}

const text = (value: string) => Buffer.from(value);

async function eventsOf(vault: Vault, after: number): Promise<AuditEvent[]> {
  return (await vault.audit.read({ after })).map(({ event }) => event);
}

describe('uses of secrets', () => {
  async function use({ secrets }: Vault): Promise<void> {
    await secrets.set('db', text('{"user":"canary"}'));
    await secrets.set('db', text('{"user":"canary two"}'));
    const given = [await secrets.get('db'), await secrets.get('db', 1)];
    given.push(await secrets.resolve('vault://db#user@1'));
    for (const secret of given) secret.dispose();
    await assert.rejects(secrets.get('none'), { code: 'NOT_FOUND' });
    await assert.rejects(secrets.get('db', 3), { code: 'NOT_FOUND' });
    await secrets.info('db');
    await secrets.list();
    await secrets.delete('db');
    await assert.rejects(secrets.resolve('vault://db'), { code: 'NOT_FOUND' });
  }

  const accessed = (version: number) => ({ kind: 'SecretAccessed', name: 'db', version });

  for (const audit of ['all', 'strict'] as const) {
    test(`are logged with name and version, and nothing of the value: ${audit}`, async (t) => {
      const [vault, other] = await openVaults(t, audit);
      await use(vault);
      await vault.close();
      const events = await eventsOf(other, 1);
      const uses = events.filter(({ kind }) => kind === 'SecretAccessed');
      assert.deepEqual(uses, [accessed(2), accessed(1), accessed(1)]);
      assert.equal(events.filter(({ kind }) => kind === 'SecretChanged').length, 3);
      assert.ok(!JSON.stringify(events).includes('canary'));
    });
  }

  test('are not logged unless somebody wants it', async (t) => {
    const [vault, other] = await openVaults(t, 'changes');
    await use(vault);
    const kinds = (await eventsOf(other, 1)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['SecretChanged', 'SecretChanged', 'SecretChanged']);
  });

  test('are logged before the value is given where that is strict', async (t) => {
    const [vault, other] = await openVaults(t, 'strict');
    await vault.secrets.set('db', text('value'));
    (await vault.secrets.get('db')).dispose();
    assert.deepEqual((await eventsOf(other, 2)).at(-1), accessed(1));
  });
});

test('every use of a key is logged before its result is given where that is strict', async (t) => {
  const [vault, other] = await openVaults(t, 'strict');
  const sealing = await vault.create({ algorithm: 'Aes256Gcm' });
  const signing = await vault.create({ algorithm: 'Ed25519' });
  const agreeing = await vault.create({ algorithm: 'X25519' });
  const authenticating = await vault.create({ algorithm: 'HmacSha256' });
  let last = (await other.audit.read()).length;
  async function told<T>(expected: object, use: () => Promise<T>): Promise<T> {
    const result = await use();
    const events = await eventsOf(other, last);
    last += events.length;
    assert.deepEqual(events, [expected]);
    return result;
  }
  const accessed = (keyId: string, operation: string) => ({
    kind: 'KeyAccessed',
    keyId,
    operation,
  });
  const data = text('data');

  const { id } = sealing;
  const ciphertext = await told({ kind: 'EncryptionPerformed', keyId: id, sizeBytes: 4 }, () =>
    vault.encrypt(id, data),
  );
  await told({ kind: 'DecryptionPerformed', keyId: id, success: true }, () =>
    vault.decrypt(ciphertext),
  );
  await told({ kind: 'DecryptionPerformed', keyId: id, success: false }, () =>
    assert.rejects(vault.decrypt(ciphertext, { aad: data })),
  );
  await told(accessed(id, 'reveal'), () => vault.reveal(id));
  await told(accessed(id, 'derive'), () => vault.derive(id));
  await told({ kind: 'KeyExported', keyId: id, format: 'holdfast' }, () =>
    vault.exportKey(id, text('a password')),
  );
  const signed = await told(accessed(signing.id, 'sign'), () => vault.sign(signing.id, data));
  await told(accessed(signing.id, 'verify'), () => vault.verify(signed, data));
  const peer = await told(accessed(agreeing.id, 'tell its public key'), () =>
    vault.publicKey(agreeing.id),
  );
  await told(accessed(agreeing.id, 'agree'), () => vault.agree(agreeing.id, peer));
  const mac = await told(accessed(authenticating.id, 'authenticate'), () =>
    vault.hmac(authenticating.id, data),
  );
  await told(accessed(authenticating.id, 'verify'), () => vault.verifyHmac(mac, data));
  await told({ kind: 'KeyStateChanged', keyId: id, oldState: 'Active', newState: 'Revoked' }, () =>
    vault.revoke(id),
  );
  await told({ kind: 'KeyDeleted', keyId: id, version: 1 }, () => vault.delete(id));
});
