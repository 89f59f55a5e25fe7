import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { openAead } from '../src/vault/crypto/aead.ts';
import { Secret, Vault } from '../src/vault.ts';
import { carriedFile } from './vault/carried-files.ts';
import { derivationsOf } from './vault/derivations.ts';
import { directoryOf, openVault } from './vault/file-vault.ts';
import { race, startWorker } from './vault/workers.ts';

// The seventeen faults of the vault that ours descends from, by the numbers that the project gives
// them: each was seen there, and each test here would show it.

/** As little as there is: what is tested here is not Argon2. */
const argon2 = { memoryKib: 8, passes: 1, parallelism: 1 };
const bytes = (text: string) => Buffer.from(text);
const password = (text: string) => ({ password: bytes(text), argon2 });
const DAY_MS = 86_400_000;

let vaults = 0;

async function openMemory(t: TestContext, now?: () => number): Promise<Vault> {
  vaults += 1;
  const vault = await Vault.open({ ephemeral: true, name: `faults-${vaults}`, now });
  t.after(() => vault.close());
  return vault;
}

async function materialOf(vault: Vault, id: string): Promise<string> {
  using secret = await vault.reveal(id);
  return Buffer.from(secret.expose()).toString('hex');
}

/** Runs statements on the file of a vault, as another program would. */
function edit(dir: string, ...statements: readonly string[]): void {
  const database = new DatabaseSync(join(dir, 'vault.db'));
  try {
    for (const sql of statements) assert.ok(Number(database.prepare(sql).run().changes) > 0, sql);
  } finally {
    database.close();
  }
}

/** All rows of all tables but those of failed attempts. */
function rowsOf(dir: string): unknown {
  const database = new DatabaseSync(join(dir, 'vault.db'), { readOnly: true });
  try {
    const tables = ['vault', 'slots', 'keys', 'secrets', 'secret_versions', 'audit'];
    return tables.map((table) => database.prepare(`SELECT * FROM ${table}`).all());
  } finally {
    database.close();
  }
}

test('W1: five rotations leave every version’s bytes and ciphertext as they were, and one Active', async (t) => {
  const vault = await openVault(t, directoryOf(t));
  const { id } = await vault.create();
  const made: { id: string; material: string; ciphertext: Buffer }[] = [];
  for (let rotation = 0; rotation <= 5; rotation += 1) {
    const latest = rotation === 0 ? await vault.latest(id) : await vault.rotate(id);
    const ciphertext = await vault.encrypt(id, bytes(`by ${latest.version}`));
    made.push({ id: latest.id, material: await materialOf(vault, latest.id), ciphertext });
    for (const [index, one] of made.entries()) {
      assert.equal(await materialOf(vault, one.id), one.material);
      assert.equal(String(await vault.decrypt(one.ciphertext)), `by ${index + 1}`);
    }
    const states = (await vault.versions(id)).map(({ state }) => state);
    assert.deepEqual(states, [...Array(rotation).fill('Deprecated'), 'Active']);
  }
  assert.equal(new Set(made.map(({ material }) => material)).size, 6);
});

test('W2: a vault that is opened again has its keys, rotates, backs up, changes its password, deletes', async (t) => {
  const dir = directoryOf(t);
  const first = await openVault(t, dir, { unlock: password('one') });
  const { id } = await first.create();
  const material = await materialOf(first, id);
  await first.close();
  const again = await openVault(t, dir, { unlock: password('one') });
  assert.equal((await again.list()).items.length, 1);
  assert.equal((await again.latest(id)).version, 1);
  const next = await again.rotate(id);
  const other = await openMemory(t);
  const backup = await again.backup(bytes('b'), { argon2 });
  assert.equal((await other.restore(backup, bytes('b'))).created.length, 2);
  await again.slots.replace(password('two'));
  await again.close();
  const third = await openVault(t, dir, { unlock: password('two') });
  assert.equal(await materialOf(third, id), material);
  assert.equal(await materialOf(third, next.id), await materialOf(other, next.id));
  await third.delete(id);
  assert.equal((await third.versions(next.id)).length, 1);
});

test('W3: a wrong password is refused, and writes nothing but that there was one', async (t) => {
  const dir = directoryOf(t);
  const vault = await openVault(t, dir, { unlock: password('right') });
  await vault.create();
  await vault.close();
  const before = rowsOf(dir);
  for (const wrong of ['wrong', 'right ', '']) {
    const attempt = openVault(t, dir, { unlock: password(wrong) });
    await assert.rejects(attempt, { code: 'UNLOCK_FAILED' });
    assert.deepEqual(rowsOf(dir), before);
  }
  const again = await openVault(t, dir, { unlock: password('right') });
  const events = (await again.audit.read()).map(({ event }) => event);
  const told = events.filter((event) => event.kind === 'AuthenticationAttempt');
  assert.deepEqual(
    told.map(({ success }) => success),
    [false, false, false],
  );
  assert.equal((await again.list()).items.length, 1);
});

// At length: "eight processes rotate one key a hundred times each: every version is there once" and
// "sixteen processes that open a missing vault at once make one" in vault-processes.test.ts.
describe('W4: several processes', () => {
  test('rotate one key at once: each number once, no bytes lost, one Active, a whole log', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    const { id } = await vault.create();
    interface Made {
      readonly made: readonly { version: number; text: string; ciphertext: string }[];
    }
    const all = (await race<Made>(t, 3, 'rotate', dir, id, '10')).flatMap(({ made }) => made);
    const numbers = all.map(({ version }) => version).toSorted((a, b) => a - b);
    assert.deepEqual(
      numbers,
      Array.from({ length: 30 }, (_, index) => index + 2),
    );
    for (const { text, ciphertext } of all) {
      assert.equal(String(await vault.decrypt(Buffer.from(ciphertext, 'base64'))), text);
    }
    assert.equal((await vault.list({ state: 'Active' })).items.length, 1);
    await vault.audit.verify();
  });

  test('open a vault that is not there at once: one root key, no key lost', async (t) => {
    const dir = directoryOf(t);
    const made = await race<{ id: string; byte: number }>(t, 4, 'create', dir);
    const vault = await openVault(t, dir);
    for (const { id, byte } of made) {
      assert.equal(await materialOf(vault, id), Buffer.alloc(32, byte).toString('hex'));
    }
    assert.equal((await vault.list()).items.length, 4);
  });
});

// The counts are those of the proof: npm run proof.
test('W5: a process that is killed leaves every key it was told of, whole', async (t) => {
  const dir = directoryOf(t);
  await openVault(t, dir);
  const told: { id: string; byte: number; next: string }[] = [];
  for (let round = 1; round <= 3; round += 1) {
    const victim = startWorker(t, 'victim.ts', 'keys', dir);
    for (let line = 0; line < 5 * round; line += 1) told.push((await victim.next()) as never);
    told.push(...((await victim.kill()) as never[]));
    const vault = await openVault(t, dir);
    for (const { id, byte, next } of told) {
      assert.equal(await materialOf(vault, id), Buffer.alloc(32, byte).toString('hex'));
      assert.equal((await vault.latest(id)).id, next);
    }
    await vault.audit.verify();
    await vault.close();
  }
});

describe('W6: what lies on the disk', () => {
  test('is for its owner alone, whatever the umask', async (t) => {
    const dir = join(directoryOf(t), 'new', 'vault');
    const umask = process.umask(0);
    try {
      const vault = await openVault(t, dir);
      await vault.create();
      const names = readdirSync(dir);
      assert.deepEqual(names.toSorted(), [
        ...['key', 'vault.db', 'vault.db-shm', 'vault.db-wal', 'vault.lock'],
      ]);
      for (const name of names) {
        assert.equal((statSync(join(dir, name)).mode & 0o777).toString(8), '600', name);
      }
      for (const made of [dir, dirname(dir)]) {
        assert.equal((statSync(made).mode & 0o777).toString(8), '700');
      }
    } finally {
      process.umask(umask);
    }
  });

  test('shows no key, no secret and no password, in no form', async (t) => {
    const dir = directoryOf(t);
    const canaries = ['key', 'secret', 'password', 'backup'].map((what) =>
      bytes(`the canary of a ${what}`.padEnd(32, '.')),
    );
    const [material = bytes(''), value = bytes(''), word = bytes(''), file = bytes('')] = canaries;
    const vault = await openVault(t, dir, { unlock: { password: word, argon2 } });
    const { id } = await vault.create({ material });
    await vault.rotate(id);
    await vault.secrets.set('name', value);
    const carried = [
      await vault.exportKey(id, file, { argon2 }),
      await vault.backup(file, { argon2, audit: true }),
    ];
    const all = () => readdirSync(dir).map((name) => readFileSync(join(dir, name)));
    const open = all();
    await vault.close();
    for (const content of [...open, ...all(), ...carried].map((one) => one.toString('latin1'))) {
      for (const canary of canaries) {
        const forms = [canary.toString('latin1'), canary.toString('hex'), canary.join(',')];
        for (const form of [...forms, canary.toString('base64').slice(0, 40)]) {
          assert.ok(!content.toLowerCase().includes(form.toLowerCase()), form);
        }
      }
    }
  });
});

describe('W7: what is said of a key', () => {
  const damages: Readonly<Record<string, readonly string[]>> = {
    'the bytes of two versions swapped': [
      'CREATE TEMP TABLE two AS SELECT version, sealed FROM keys WHERE version < 3',
      `UPDATE keys SET sealed = (SELECT sealed FROM two WHERE two.version = 3 - keys.version)
        WHERE version < 3`,
    ],
    'a revoked one made Active': ["UPDATE keys SET state = 'Active' WHERE state = 'Revoked'"],
    'one that lasts longer': ['UPDATE keys SET decrypt_until = decrypt_until + 1'],
    'another version': ['UPDATE keys SET version = 7 WHERE version = 3'],
    'one that was removed': ['DELETE FROM keys WHERE version = 2'],
  };
  for (const [what, statements] of Object.entries(damages)) {
    test(`is authenticated: ${what}`, async (t) => {
      const dir = directoryOf(t);
      const vault = await openVault(t, dir);
      const { id } = await vault.create({ decryptUntil: Date.now() + DAY_MS });
      await vault.rotate(id);
      await vault.rotate(id);
      await vault.revoke(id);
      await vault.close();
      const database = new DatabaseSync(join(dir, 'vault.db'));
      for (const sql of statements) database.exec(sql);
      database.close();
      await assert.rejects(openVault(t, dir), { code: 'TAMPERED' });
    });
  }

  test('cannot be rolled back, row by row or as a file, before who has seen more', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    const { id } = await vault.create();
    await vault.close();
    copyFileSync(join(dir, 'vault.db'), join(dir, 'old.db'));
    const later = await openVault(t, dir);
    await later.revoke(id);
    const database = new DatabaseSync(join(dir, 'vault.db'));
    database.exec(
      `ATTACH '${join(dir, 'old.db')}' AS old; REPLACE INTO keys SELECT * FROM old.keys`,
    );
    await assert.rejects(openVault(t, dir), { code: 'TAMPERED' });
    database.exec('UPDATE vault SET state = (SELECT state FROM old.vault)');
    database.close();
    // Whether a foreign program has written is looked at every 20 ms.
    const since = performance.now();
    while (performance.now() - since < 25) await later.list().catch(() => undefined);
    await assert.rejects(later.create(), { code: 'TAMPERED' });
  });
});

describe('W8: a new password', () => {
  test('costs one row, and the old one opens nothing any more, put back or not', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir, { unlock: password('old') });
    const { id } = await vault.create();
    await vault.secrets.set('name', bytes('value'));
    const sealed = () => {
      const database = new DatabaseSync(join(dir, 'vault.db'), { readOnly: true });
      const tables = ['keys', 'secrets', 'secret_versions'];
      const rows = tables.map((table) => database.prepare(`SELECT * FROM ${table}`).all());
      const slots = database.prepare('SELECT * FROM slots').all();
      database.close();
      return { rows, slots };
    };
    const before = sealed();
    await vault.slots.replace(password('new'));
    const after = sealed();
    assert.deepEqual(after.rows, before.rows);
    assert.equal(after.slots.length, 1);
    assert.notDeepEqual(after.slots, before.slots);
    await vault.close();
    const attempt = openVault(t, dir, { unlock: password('old') });
    await assert.rejects(attempt, { code: 'UNLOCK_FAILED' });
    const again = await openVault(t, dir, { unlock: password('new') });
    await materialOf(again, id);
    await again.close();
    const database = new DatabaseSync(join(dir, 'vault.db'));
    const [old] = before.slots as { id: string; slot: Uint8Array }[];
    database
      .prepare('INSERT INTO slots (id, slot) VALUES (?, ?)')
      .run(old?.id ?? '', old?.slot ?? null);
    database.close();
    for (const word of ['old', 'new']) {
      await assert.rejects(openVault(t, dir, { unlock: password(word) }), { code: 'TAMPERED' });
    }
  });

  test('of a process that is killed meanwhile opens, or the one before: one of the two', async (t) => {
    const dir = directoryOf(t);
    const first = await openVault(t, dir, { unlock: password('password 0') });
    const { id } = await first.create();
    const material = await materialOf(first, id);
    await first.close();
    let known = 0;
    for (let round = 1; round <= 3; round += 1) {
      const victim = startWorker(t, 'victim.ts', 'rekey', dir, String(known));
      for (let line = 0; line < 2 * round; line += 1) known = (await victim.next()) as number;
      known = ((await victim.kill()).at(-1) as number | undefined) ?? known;
      const opening: number[] = [];
      for (const number of [known - 1, known, known + 1, known + 2]) {
        const unlock = password(`password ${number}`);
        const vault = await Vault.open({ dir, unlock }).catch((error) => {
          assert.equal(error.code, 'UNLOCK_FAILED');
        });
        if (vault === undefined) continue;
        opening.push(number);
        assert.equal(await materialOf(vault, id), material);
        await vault.close();
      }
      assert.ok(opening.length === 1 && (opening[0] ?? 0) >= known, `${known}: ${opening}`);
      known = opening[0] ?? known;
    }
  });
});

describe('W9: a backup', () => {
  async function manyKeys(t: TestContext): Promise<Vault> {
    const vault = await openMemory(t);
    await Promise.all(Array.from({ length: 50 }, () => vault.create()));
    await vault.secrets.set('name', bytes('value'));
    return vault;
  }

  test('takes one key derivation, and so does its restore, however many keys there are', async (t) => {
    const vault = await manyKeys(t);
    let file: Buffer = Buffer.alloc(0);
    const making = await derivationsOf(async () => {
      file = await vault.backup(bytes('p'), { argon2 });
    });
    const other = await openMemory(t);
    const restoring = await derivationsOf(() => other.restore(file, bytes('p')));
    assert.deepEqual([making, restoring], [1, 1]);
    assert.equal((await other.list()).items.length, 50);
  });

  test('has its header authenticated, one error for all that does not open, and the log along', async (t) => {
    const vault = await manyKeys(t);
    const file = await vault.backup(bytes('p'), { argon2, audit: true, comment: 'of 2026' });
    const log = await vault.audit.read();
    const other = await openMemory(t);
    const changed = (at: number) => {
      const copy = Buffer.from(file);
      copy[at] = (copy[at] ?? 0) ^ 1;
      return copy;
    };
    // Format, kind, costs, salt, commitment, nonce, time, comment: no byte of the header is free.
    for (let at = 0; at < 127; at += 1) {
      await assert.rejects(other.restore(changed(at), bytes('p')), ({ code }) =>
        ['FORMAT_INVALID', 'KDF_LIMITS', 'UNLOCK_FAILED', 'TAMPERED'].includes(code),
      );
    }
    const refusals = [other.restore(file, bytes('P')), other.restore(changed(20), bytes('p'))];
    const [one, two] = await Promise.allSettled(refusals);
    assert.ok(one?.status === 'rejected' && two?.status === 'rejected');
    assert.deepEqual([one.reason.code, one.reason.message], [two.reason.code, two.reason.message]);
    assert.deepEqual((await other.restore(file, bytes('p'))).audit, log.slice(0, -1));
  });

  test('that could not be whole is none', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    await vault.create();
    await vault.secrets.set('name', Buffer.alloc(100));
    edit(
      dir,
      `UPDATE secret_versions
        SET sealed = CAST(substr(sealed, 1, 80) || x'00' || substr(sealed, 82) AS BLOB)`,
    );
    await assert.rejects(vault.backup(bytes('p'), { argon2 }), { code: 'TAMPERED' });
  });
});

test('W10: a restore says first what it would do, does all or nothing, and spares what is newer', async (t) => {
  const dir = directoryOf(t);
  const vault = await openVault(t, dir);
  const { id } = await vault.create();
  const file = await vault.backup(bytes('p'), { argon2 });
  const next = await vault.rotate(id);
  await vault.revoke(id);
  const material = await materialOf(vault, next.id);
  await vault.create({ label: 'mine' });
  const before = rowsOf(dir);
  const plan = await vault.restore(file, bytes('p'), { dryRun: true, overwrite: true });
  assert.deepEqual(rowsOf(dir), before);
  assert.deepEqual(await vault.restore(file, bytes('p'), { overwrite: true }), plan);
  assert.deepEqual(
    plan.conflicts.map((one) => one.id),
    [id],
  );
  assert.equal((await vault.get(id))?.state, 'Revoked');
  assert.equal(await materialOf(vault, next.id), material);
  // And into a vault whose disk refuses the second of two keys: neither is there.
  const two = await vault.backup(bytes('p'), { argon2 });
  const target = directoryOf(t);
  const other = await openVault(t, target);
  const database = new DatabaseSync(join(target, 'vault.db'));
  database.exec(`CREATE TRIGGER half BEFORE INSERT ON keys WHEN (SELECT count(*) FROM keys) = 1
    BEGIN SELECT RAISE(ABORT, 'no room'); END`);
  database.close();
  await assert.rejects(other.restore(two, bytes('p')), /no room/);
  assert.deepEqual((await other.list()).items, []);
  assert.equal((await other.audit.read()).length, 1);
});

// Memory and time are measured in vault-bombs.test.ts.
test('W11: a file that asks for a costly derivation, or unpacks to too much, is refused before', async (t) => {
  const vault = await openMemory(t);
  const { id } = await vault.create();
  const ours = await vault.exportKey(id, bytes('p'), { argon2 });
  ours.writeUInt32BE(0xffff_ffff, 10);
  const rust = JSON.parse(String(await carriedFile('rust-export')));
  const greedy = [
    ours,
    ...[
      { memory_kib: 4_294_967_295, time_cost: 1, parallelism: 1 },
      { memory_kib: 8, time_cost: 4_294_967_295, parallelism: 1 },
      { memory_kib: 8, time_cost: 1, parallelism: 0 },
    ].map((argon2_params) => JSON.stringify({ ...rust, argon2_params })),
  ];
  const derivations = await derivationsOf(async () => {
    for (const file of greedy) {
      await assert.rejects(vault.importKey(file, bytes('p')), { code: 'KDF_LIMITS' });
    }
  });
  assert.equal(derivations, 0);
});

describe('W12: one key', () => {
  test('encrypts in each process with another one that is derived from it, and never twice with a nonce', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    const { id } = await vault.create({ algorithm: 'Aes256Gcm' });
    const here: Buffer[] = [];
    for (let count = 0; count < 2000; count += 1) here.push(await vault.encrypt(id, bytes('x')));
    interface Made {
      readonly made: readonly { ciphertext: string }[];
    }
    const there = await race<Made>(t, 2, 'rotate', dir, id, '1');
    const others = there.map(({ made }) => Buffer.from(made[0]?.ciphertext ?? '', 'base64'));
    // Bytes 18 to 34 are what the key of a process is derived with, 66 to 78 the nonce.
    const saltOf = (ciphertext: Buffer) => ciphertext.toString('hex', 18, 34);
    assert.equal(new Set(here.map(saltOf)).size, 1);
    assert.equal(new Set([...here, ...others].map(saltOf)).size, 3);
    assert.equal(new Set(here.map((one) => one.toString('hex', 66, 78))).size, here.length);
  });

  test('is never used itself: not to encrypt, and not for two things', async (t) => {
    const vault = await openMemory(t);
    const material = Buffer.alloc(32, 7);
    const { id } = await vault.create({ algorithm: 'Aes256Gcm', material });
    const ciphertext = await vault.encrypt(id, bytes('text'));
    const parts = {
      nonce: ciphertext.subarray(66, 78),
      aad: ciphertext.subarray(0, 66),
      sealed: ciphertext.subarray(78),
    };
    assert.throws(() => openAead('Aes256Gcm', material, parts), { code: 'DECRYPT_FAILED' });
    const derived = new Set<string>();
    for (const info of ['', 'a', 'b']) {
      using secret = await vault.derive(id, { info: bytes(info) });
      derived.add(Buffer.from(secret.expose()).toString('hex'));
      assert.throws(() => openAead('Aes256Gcm', secret.expose(), parts), {
        code: 'DECRYPT_FAILED',
      });
    }
    assert.equal(derived.add(material.toString('hex')).size, 4);
  });
});

// Memory is looked at in vault-leaks.test.ts, Secret at length in src/vault/hygiene.
test('W13: nothing shows a password, a key or a secret that is looked at, and what was lent is wiped', async (t) => {
  const dir = directoryOf(t);
  const word = 'canary of a password';
  const material = bytes('canary of the bytes of a key'.padEnd(32, '.'));
  const vault = await openVault(t, dir, { unlock: password(word) });
  const { id } = await vault.create({ material });
  await vault.encrypt(id, bytes('text'));
  const secret = await vault.reveal(id);
  const failed = await Vault.open({ dir, unlock: password(`${word}!`) }).catch((error) => error);
  for (const shown of [vault, vault.slots, vault.secrets, secret, failed, failed.stack]) {
    const text = inspect(shown, { depth: null, showHidden: true, getters: true });
    assert.doesNotMatch(`${text}${JSON.stringify(shown)}`, /canary|63616e617279|63 61 6e 61 72 79/);
  }
  const exposed = secret.expose();
  let lent: Uint8Array = Buffer.alloc(0);
  secret.withBytes((inner) => {
    lent = inner;
  });
  secret.dispose();
  assert.ok([exposed, lent].every((one) => one.length === 32 && one.every((byte) => byte === 0)));
  assert.equal(`${new Secret(material)}`, '[secret]');
  assert.equal(String(material), 'canary of the bytes of a key....', 'the caller’s own is left');
});

describe('W14: the audit log', () => {
  test('has all kinds of events, in a chain', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir, { audit: 'strict', unlock: password('p') });
    const attempt = openVault(t, dir, { unlock: password('wrong') });
    await assert.rejects(attempt, { code: 'UNLOCK_FAILED' });
    const { id } = await vault.create();
    const next = await vault.rotate(id);
    await vault.decrypt(await vault.encrypt(id, bytes('text')));
    (await vault.reveal(id)).dispose();
    await vault.update(id, { label: 'named' });
    const exported = await vault.exportKey(id, bytes('p'), { argon2 });
    const backup = await vault.backup(bytes('p'), { argon2 });
    await vault.revoke(id);
    await vault.delete(id);
    await vault.importKey(exported, bytes('p'));
    await vault.delete(id);
    await vault.restore(backup, bytes('p'));
    await vault.slots.add({ command: ['printf', 'sixteen bytes of it'] });
    await vault.secrets.set('name', bytes('value'));
    (await vault.secrets.get('name')).dispose();
    await vault.close();
    const again = await openVault(t, dir, { unlock: password('p') });
    const records = await again.audit.read();
    const kinds = new Set(records.map(({ event }) => event.kind));
    assert.deepEqual([...kinds].toSorted(), [
      ...['AuthenticationAttempt', 'BackupMade', 'BackupRestored', 'DecryptionPerformed'],
      ...['EncryptionPerformed', 'KeyAccessed', 'KeyCreated', 'KeyDeleted', 'KeyExported'],
      ...['KeyImported', 'KeyRotated', 'KeyStateChanged', 'KeyUpdated', 'SecretAccessed'],
      ...['SecretChanged', 'SlotChanged', 'VaultCreated'],
    ]);
    assert.equal(await again.audit.verify(), records.length);
    assert.equal((await again.latest(next.id)).version, 2);
  });

  test('is one for two processes that write to it at once', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    const keys = [await vault.create(), await vault.create()];
    const workers = keys.map(({ id }) => startWorker(t, 'worker.ts', 'rotate', dir, id, '20'));
    for (const worker of workers) assert.equal(await worker.next(), 'ready');
    for (const worker of workers) worker.go();
    for (const worker of workers) await worker.next();
    const records = await vault.audit.read();
    const rotated = records.filter(({ event }) => event.kind === 'KeyRotated');
    assert.equal(rotated.length, 40);
    assert.deepEqual(
      records.map(({ sequence }) => sequence),
      records.map((_, index) => index + 1),
    );
    assert.equal(await vault.audit.verify(), records.length);
  });

  test('that cannot be written stops the change, and is no error of one that was made', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    const { id } = await vault.create();
    const database = new DatabaseSync(join(dir, 'vault.db'));
    t.after(() => database.close());
    database.exec(
      `CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END`,
    );
    const before = rowsOf(dir);
    await assert.rejects(vault.rotate(id), /full/);
    await assert.rejects(vault.secrets.set('name', bytes('value')), /full/);
    assert.deepEqual(rowsOf(dir), before);
    database.exec('DROP TRIGGER full');
    assert.equal((await vault.rotate(id)).version, 2);
    await vault.audit.verify();
  });
});

describe('W15: a rotation', () => {
  test('of a key that has expired gives one that is valid, by the id of any version', async (t) => {
    let now = 1_000_000;
    const vault = await openMemory(t, () => now);
    const first = await vault.create({ encryptUntil: now + 100, decryptUntil: now + 200 });
    now += 5000;
    const second = await vault.rotate(first.id);
    await vault.encrypt(first.id, bytes('text'));
    now += 5000;
    const third = await vault.rotate(second.id);
    await vault.encrypt(second.id, bytes('text'));
    const fourth = await vault.rotate(first.id);
    assert.deepEqual([second.version, third.version, fourth.version], [2, 3, 4]);
    assert.deepEqual([fourth.encryptUntil, fourth.decryptUntil], [now + 100, now + 200]);
  });

  test('of a key whose first version is not its base goes on by either id', async (t) => {
    const vault = await openMemory(t);
    const file = JSON.parse(String(await carriedFile('rust-export')));
    file.metadata.base_id = Array(16).fill(0x99);
    const { id, baseId } = await vault.importKey(JSON.stringify(file), bytes('a password'));
    assert.notEqual(id, baseId);
    const second = await vault.rotate(id);
    const third = await vault.rotate(baseId);
    assert.deepEqual([second.version, third.version, third.baseId], [2, 3, baseId]);
    assert.deepEqual(await vault.versions(id), await vault.versions(baseId));
  });
});

describe('W16: no lock is the caller’s to take', () => {
  test('for a hundred calls at once of one vault', async (t) => {
    const vault = await openVault(t, directoryOf(t));
    const { id } = await vault.create();
    const ciphertext = await vault.encrypt(id, bytes('text'));
    const calls = Array.from({ length: 100 }, async (_, index) => {
      if (index % 5 === 0) return (await vault.rotate(id)).version;
      if (index % 5 === 1) return (await vault.secrets.set('shared', bytes(`${index}`))).version;
      if (index % 5 === 2) return String(await vault.decrypt(ciphertext));
      if (index % 5 === 3) return (await vault.create({ label: `${index}` })).version;
      return (await vault.decrypt(await vault.encrypt(id, bytes('text')))).length;
    });
    const results = await Promise.all(calls);
    const every = (rest: number) => results.filter((_, index) => index % 5 === rest);
    const upTo20 = Array.from({ length: 20 }, (_, index) => index + 1);
    const numbers = (found: readonly unknown[]) => found.map(Number).toSorted((a, b) => a - b);
    assert.deepEqual(
      numbers(every(0)),
      upTo20.map((version) => version + 1),
    );
    assert.deepEqual(numbers(every(1)), upTo20);
    assert.ok(every(2).every((text) => text === 'text'));
    assert.equal((await vault.list({ limit: 1000 })).items.length, 41);
    await vault.audit.verify();
  });

  test('to read while another process writes: whole versions, and never fewer than before', async (t) => {
    const dir = directoryOf(t);
    const vault = await openVault(t, dir);
    const { id } = await vault.create();
    const writer = startWorker(t, 'worker.ts', 'rotate', dir, id, '100');
    assert.equal(await writer.next(), 'ready');
    const over = once(writer.child, 'exit').then(() => 'over');
    writer.go();
    let [seen, reads] = [0, 0];
    while ((await Promise.race([over, vault.versions(id)])) !== 'over') {
      const versions = await vault.versions(id);
      assert.ok(versions.length >= seen);
      assert.equal(versions.filter(({ state }) => state === 'Active').length, 1);
      assert.equal(versions.at(-1)?.version, versions.length);
      [seen, reads] = [versions.length, reads + 1];
      // A turn of the loop, in which the end of the other process is heard of.
      await new Promise(setImmediate);
    }
    assert.equal((await vault.versions(id)).length, 101);
    assert.ok(reads > 0);
  });
});

describe('W17: there is', () => {
  test('a label of a key, found by it; a name, tags and any bytes of a secret', async (t) => {
    const vault = await openMemory(t);
    await vault.create({ label: 'sessions' });
    await vault.create({ label: 'other' });
    assert.equal((await vault.list({ label: 'sessions' })).items.length, 1);
    for (const length of [0, 1, 31, 33, 100_000]) {
      const value = Buffer.alloc(length, 0xfe);
      await vault.secrets.set(`size/${length}`, value, {
        tags: { kind: 'any', odd: `${length % 2}` },
      });
      using found = await vault.secrets.get(`size/${length}`);
      assert.ok(value.equals(found.expose()));
    }
    const { items } = await vault.secrets.list({ prefix: 'size/', tags: { odd: '1' } });
    assert.deepEqual(
      items.map(({ name }) => name),
      ['size/1', 'size/31', 'size/33'],
    );
  });

  test('cleanup by age, and rotation by age that one caller does', async (t) => {
    let now = 1_000_000;
    const vault = await openMemory(t, () => now);
    const { id } = await vault.create();
    for (let count = 0; count < 4; count += 1) {
      now += DAY_MS;
      const both = [
        vault.rotateIfOlderThan(id, DAY_MS / 2),
        vault.rotateIfOlderThan(id, DAY_MS / 2),
      ];
      const done = await Promise.all(both);
      assert.equal(done.filter(({ rotated }) => rotated).length, 1);
    }
    const gone = await vault.cleanup(id, { keep: 1, olderThanMs: 2 * DAY_MS });
    assert.equal(gone.length, 3);
    assert.deepEqual(
      (await vault.versions(id)).map(({ version }) => version),
      [4, 5],
    );
  });

  test('a signature, an agreement, a MAC and a derivation, of keys for them alone', async (t) => {
    const vault = await openMemory(t);
    const made = async (algorithm: 'Ed25519' | 'X25519' | 'HmacSha256') =>
      (await vault.create({ algorithm })).id;
    const [signing, mine, yours] = [
      await made('Ed25519'),
      await made('X25519'),
      await made('X25519'),
    ];
    const macs = await made('HmacSha256');
    assert.ok(await vault.verify(await vault.sign(signing, bytes('data')), bytes('data')));
    assert.ok(await vault.verifyHmac(await vault.hmac(macs, bytes('data')), bytes('data')));
    using one = await vault.agree(mine, await vault.publicKey(yours));
    using other = await vault.agree(yours, await vault.publicKey(mine));
    assert.ok(one.equals(other));
    (await vault.derive(macs)).dispose();
    for (const wrong of [
      vault.sign(mine, bytes('')),
      vault.hmac(signing, bytes('')),
      vault.encrypt(macs, bytes('')),
      vault.agree(signing, Buffer.alloc(32, 9)),
      vault.derive(signing),
    ]) {
      await assert.rejects(wrong, { name: 'TypeError' });
    }
  });
});
