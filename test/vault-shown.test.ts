import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { format, inspect } from 'node:util';
import { openVault } from '../src/vault/open.ts';
import { type NewUnlock, newRecoveryCode, type Unlock, Vault } from '../src/vault.ts';
import { directoryOf } from './vault/file-vault.ts';

const argon2 = { memoryKib: 64, passes: 1, parallelism: 1 };
const text = (length: number) =>
  Buffer.from(randomBytes(length).toString('base64url').slice(0, length));

/** All that somebody who looks at a value can come to see of it. */
function seen(value: unknown): string {
  const all = { depth: null, showHidden: true, maxArrayLength: null, maxStringLength: null };
  const causes: unknown[] = [];
  for (let one = value; one instanceof Error; one = one.cause) causes.push(one.message, one.stack);
  return [
    inspect(value, { ...all, getters: true }),
    inspect(value, { ...all, customInspect: false }),
    format('%s %o %O %j', value, value, value, String(value)),
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)),
    ...causes,
  ].join('\n');
}

/** Fails when eight bytes of the secret, from any place of it, are shown in some form. */
function assertHides(shown: string, secret: Uint8Array): void {
  const bytes = Buffer.from(secret);
  for (let at = 0; at + 8 <= bytes.length; at += 1) {
    const part = bytes.subarray(at, at + 8);
    const forms = [
      part.toString('latin1'),
      part.toString('hex'),
      part.toString('hex').replace(/..(?!$)/g, '$& '),
      part.toString('base64').slice(0, 10),
      [...part].join(','),
      [...part].join(', '),
    ];
    for (const form of forms) assert.ok(!shown.includes(form), 'a part of a secret is shown');
  }
}

async function errorOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return assert.fail('it did not fail');
}

describe('a secret part is found by what looks for it in', () => {
  const secret = text(24);
  const places: Readonly<Record<string, unknown>> = {
    'a message': new Error(`wrong: ${secret.toString()}`),
    'a cause': new Error('wrong', { cause: new Error(secret.toString('hex')) }),
    'a property': Object.assign(new Error('wrong'), { bytes: secret }),
    'an array of bytes': [...secret],
  };
  for (const [place, value] of Object.entries(places)) {
    test(place, () => assert.throws(() => assertHides(seen(value), secret)));
  }
});

describe('a vault shows', () => {
  test('neither keys nor what opened it, nor do its parts', async (t) => {
    const dir = directoryOf(t);
    const password = text(32);
    await using vault = await Vault.open({ dir, unlock: { password, argon2 } });
    const material = randomBytes(32);
    const { id } = await vault.create({ algorithm: 'Aes256Gcm', material });
    await vault.encrypt(id, Buffer.from('x'));
    const value = text(40);
    await vault.secrets.set('name', value);
    using revealed = await vault.reveal(id);
    const parts = [vault, vault.secrets, vault.slots, vault.audit, await vault.audit.read()];
    const records = [await vault.list(), await vault.secrets.list(), await vault.slots.list()];
    const opened = await openVault({ dir, unlock: { password } });
    const root = opened.root.export();
    for (const part of [...parts, ...records, opened.root, opened.keys, revealed]) {
      for (const secret of [password, material, value, root]) assertHides(seen(part), secret);
    }
    await opened.engine.close();
  });

  test('nothing of itself to a clone', async (t) => {
    const dir = directoryOf(t);
    await using vault = await Vault.open({ dir, unlock: { keyFile: join(dir, 'key') } });
    for (const part of [vault.secrets, vault.slots, vault.audit]) {
      assert.deepEqual(structuredClone(part), {});
    }
    const clone: unknown = structuredClone(vault);
    assert.deepEqual(clone, { secrets: {}, audit: {}, slots: {} });
  });
});

describe('an error about', () => {
  const canary = text(40);
  const secret = () => Buffer.from(canary);

  /** A vault that `canary` does not open, and one way or another to be refused. */
  async function refused(t: TestContext, make: NewUnlock, unlock: Unlock): Promise<unknown> {
    const dir = directoryOf(t);
    await (await Vault.open({ dir, unlock: make })).close();
    return errorOf(() => Vault.open({ dir, unlock }));
  }

  test('a wrong password', async (t) => {
    const error = await refused(t, { password: text(20), argon2 }, { password: secret() });
    assertHides(seen(error), canary);
  });

  test('a wrong recovery code, mistyped or of another vault', async (t) => {
    const codes = [newRecoveryCode(), Buffer.from(newRecoveryCode().fill('7', 3, 4)), secret()];
    for (const recoveryCode of codes) {
      const error = await refused(t, { recoveryCode: newRecoveryCode() }, { recoveryCode });
      assertHides(seen(error), recoveryCode);
    }
  });

  test('a wrong private key', async (t) => {
    const privateKey = randomBytes(32);
    for (const one of [privateKey, privateKey.subarray(1)]) {
      const error = await refused(t, { password: text(20), argon2 }, { privateKey: one });
      assertHides(seen(error), privateKey);
    }
  });

  test('a key file that is too short, or of another vault', async (t) => {
    for (const content of [text(31), text(40)]) {
      const file = join(directoryOf(t), 'key');
      writeFileSync(file, content, { mode: 0o600 });
      const error = await refused(t, { password: text(20), argon2 }, { keyFile: file });
      assertHides(seen(error), content);
    }
  });

  test('an unlock command that fails, or prints too little, and what it was given', async (t) => {
    const scripts = [`process.exit(1)`, `process.stdout.write(process.argv[1].slice(0, 15))`];
    for (const script of scripts) {
      const command = [process.execPath, '-e', script, canary.toString()];
      const error = await refused(t, { password: text(20), argon2 }, { command });
      assertHides(seen(error), canary);
    }
  });

  test('a key, a ciphertext or a file that does not fit', async (t) => {
    const dir = directoryOf(t);
    await using vault = await Vault.open({ dir, unlock: { keyFile: join(dir, 'key') } });
    const { id } = await vault.create({ material: randomBytes(32), algorithm: 'Aes256Gcm' });
    const { id: curve } = await vault.create({ algorithm: 'X25519' });
    const ciphertext = await vault.encrypt(id, secret());
    const backup = await vault.backup(text(20), { argon2 });
    const works: readonly (() => unknown)[] = [
      () => vault.create({ material: secret() }),
      () => vault.encrypt(curve, secret()),
      () => vault.decrypt(secret()),
      () => vault.decrypt(ciphertext, { aad: secret() }),
      () => vault.agree(curve, secret()),
      () => vault.secrets.set('name', canary.toString() as unknown as Uint8Array),
      () => vault.restore(backup, secret()),
      () => vault.restore(secret(), secret()),
      () => vault.restore(`{"${canary}":1}`, secret()),
      () => vault.importKey(canary.toString(), secret()),
      () => vault.importRustKeyvault(dir, { masterKey: secret() }),
      () => vault.exportKey(id, Buffer.alloc(0), { comment: 7 as unknown as string }),
      () => vault.slots.add({ recoveryCode: secret() }),
      () => vault.slots.add({ password: canary.toString() as unknown as Uint8Array }),
    ];
    for (const work of works) assertHides(seen(await errorOf(work)), canary);
  });

  test('a field of a secret that has none, or is no JSON', async (t) => {
    const dir = directoryOf(t);
    await using vault = await Vault.open({ dir, unlock: { keyFile: join(dir, 'key') } });
    const values = [canary.toString(), `{"b":"${canary}"}`, `{"b":"${canary}",}`, `["${canary}"]`];
    for (const value of values) {
      await vault.secrets.set('name', Buffer.from(value));
      const error = await errorOf(() => vault.secrets.resolve('vault://name#a'));
      assertHides(seen(error), canary);
    }
  });

  test('a record that was tampered with', async (t) => {
    const dir = directoryOf(t);
    const unlock = { keyFile: join(dir, 'key') };
    const vault = await Vault.open({ dir, unlock });
    await vault.secrets.set('name', secret());
    await vault.close();
    const database = new DatabaseSync(join(dir, 'vault.db'));
    const changed = "UPDATE secret_versions SET sealed = zeroblob(80) WHERE name = 'name'";
    assert.equal(database.prepare(changed).run().changes, 1);
    database.close();
    assertHides(seen(await errorOf(() => Vault.open({ dir, unlock }))), canary);
  });
});
