import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type EphemeralOptions, Vault } from '../src/vault.ts';

let vaults = 0;

async function openVault(t: TestContext, options: Partial<EphemeralOptions> = {}): Promise<Vault> {
  vaults += 1;
  const vault = await Vault.open({ ephemeral: true, name: `keys-${vaults}`, ...options });
  t.after(() => vault.close());
  return vault;
}

const text = (value: string) => Buffer.from(value);

describe('rotation', () => {
  test('keeps every version and its material, however often', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const made = [];
    for (let version = 1; version <= 20; version += 1) {
      made.push(await vault.encrypt(id, text(`by version ${version}`)));
      await vault.rotate(id);
    }
    for (const [index, ciphertext] of made.entries()) {
      assert.equal(String(await vault.decrypt(ciphertext)), `by version ${index + 1}`);
    }
    const versions = await vault.versions(id);
    assert.equal(versions.length, 21);
    assert.deepEqual(
      versions.filter(({ state }) => state === 'Active').map(({ version }) => version),
      [21],
    );
    assert.equal(versions.filter(({ state }) => state === 'Deprecated').length, 20);
  });

  test('takes the id of any version', async (t) => {
    const vault = await openVault(t);
    const first = await vault.create();
    const second = await vault.rotate(first.id);
    const third = await vault.rotate(second.id);
    assert.deepEqual([third.version, third.baseId], [3, first.id]);
    assert.deepEqual(await vault.latest(first.id), third);
    assert.deepEqual(await vault.latest(second.id), third);
  });

  test('of a version that was expected goes on, of another one is a conflict', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const both = await Promise.allSettled([
      vault.rotate(id, { expectedVersion: 1 }),
      vault.rotate(id, { expectedVersion: 1 }),
    ]);
    assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    const [lost] = both.filter((one) => one.status === 'rejected');
    assert.equal(lost?.reason.code, 'CONFLICT');
    await assert.rejects(vault.revoke(id, { expectedVersion: 1 }), { code: 'CONFLICT' });
  });

  test('if a key is old is done once', async (t) => {
    let now = 1_000_000;
    const vault = await openVault(t, { now: () => now });
    const { id } = await vault.create();
    assert.equal((await vault.rotateIfOlderThan(id, 1000)).rotated, false);
    now += 1001;
    const all = await Promise.all(
      Array.from({ length: 10 }, () => vault.rotateIfOlderThan(id, 1000)),
    );
    assert.equal(all.filter(({ rotated }) => rotated).length, 1);
    assert.deepEqual([...new Set(all.map(({ key }) => key.version))], [2]);
  });

  test('of a key that lasts gives one that lasts as long from now on', async (t) => {
    let now = 1_000_000;
    const vault = await openVault(t, { now: () => now });
    const limits = { encryptUntil: now + 500, decryptUntil: now + 900 };
    const { id } = await vault.create(limits);
    now += 10_000;
    const next = await vault.rotate(id);
    assert.deepEqual([next.encryptUntil, next.decryptUntil], [now + 500, now + 900]);
    await vault.encrypt(id, text('new'));
  });

  test('that is staged takes effect when it is promoted', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const staged = await vault.rotate(id, { stage: true });
    assert.equal(staged.state, 'Pending');
    assert.equal((await vault.latest(id)).version, 1);
    await vault.promote(staged.id);
    assert.equal((await vault.latest(id)).version, 2);
    assert.equal((await vault.get(id))?.state, 'Deprecated');
    await assert.rejects(vault.promote(staged.id), { code: 'KEY_STATE' });
    const dropped = await vault.rotate(id, { stage: true });
    await vault.delete(dropped.id);
    assert.equal((await vault.versions(id)).length, 2);
  });
});

describe('a key', () => {
  test('that is deprecated decrypts and does not encrypt; one that is revoked does neither', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const ciphertext = await vault.encrypt(id, text('before'));
    await vault.deprecate(id);
    await assert.rejects(vault.encrypt(id, text('after')), { code: 'KEY_STATE' });
    assert.equal(String(await vault.decrypt(ciphertext)), 'before');
    await vault.revoke(id);
    await vault.revoke(id);
    await assert.rejects(vault.decrypt(ciphertext), { code: 'KEY_STATE' });
    await assert.rejects(vault.reveal(id), { code: 'KEY_STATE' });
    await assert.rejects(vault.deprecate(id), { code: 'KEY_STATE' });
    await assert.rejects(vault.rotate(id), { code: 'KEY_STATE' });
    await assert.rejects(vault.update(id, { label: 'again' }), { code: 'KEY_STATE' });
  });

  test('expires for encryption first and then for decryption, whatever the clock does', async (t) => {
    let now = 1_000_000;
    const vault = await openVault(t, { now: () => now });
    const { id } = await vault.create({ encryptUntil: now + 10, decryptUntil: now + 20 });
    const ciphertext = await vault.encrypt(id, text('early'));
    now += 10;
    await vault.encrypt(id, text('at the last moment'));
    now += 1;
    await assert.rejects(vault.encrypt(id, text('late')), { code: 'KEY_EXPIRED' });
    await vault.decrypt(ciphertext);
    now += 10;
    await assert.rejects(vault.decrypt(ciphertext), { code: 'KEY_EXPIRED' });
    await vault.create();
    now = 0;
    await assert.rejects(vault.decrypt(ciphertext), { code: 'KEY_EXPIRED' });
  });

  test('that is not there is no storage failure', async (t) => {
    const vault = await openVault(t);
    const absent = '00'.repeat(16);
    assert.equal(await vault.get(absent), undefined);
    for (const call of [
      () => vault.latest(absent),
      () => vault.rotate(absent),
      () => vault.revoke(absent),
      () => vault.encrypt(absent, text('')),
      () => vault.cleanup(absent, { keep: 1 }),
    ]) {
      await assert.rejects(call, { code: 'NOT_FOUND' });
    }
    await assert.rejects(vault.get('not an id'), { name: 'RangeError' });
  });

  test('is given its material and its id, once', async (t) => {
    const vault = await openVault(t);
    const material = Buffer.alloc(32, 7);
    const id = 'ab'.repeat(16);
    await vault.create({ id, material, algorithm: 'Ed25519' });
    using secret = await vault.reveal(id);
    assert.deepEqual(Buffer.from(secret.expose()), material);
    await assert.rejects(vault.create({ id }), { code: 'CONFLICT' });
    await assert.rejects(vault.encrypt(id, text('')), { name: 'TypeError' });
  });

  test('is said anew what may be said, and nothing else', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create({ label: 'first', decryptUntil: 2 ** 40 });
    const updated = await vault.update(id, { label: undefined, encryptUntil: 2 ** 39 });
    assert.deepEqual(
      [updated.label, updated.encryptUntil, updated.decryptUntil],
      [undefined, 2 ** 39, 2 ** 40],
    );
    await assert.rejects(vault.update(id, { encryptUntil: 2 ** 41 }), { name: 'RangeError' });
  });
});

describe('cleanup', () => {
  test('removes old versions newest first, and none in use', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    for (let count = 0; count < 5; count += 1) await vault.rotate(id);
    const versions = await vault.versions(id);
    const ids = versions.map((key) => key.id);
    const planned = await vault.cleanup(id, { keep: 3, dryRun: true });
    assert.deepEqual(planned, [ids[2], ids[1], ids[0]]);
    assert.deepEqual(await vault.cleanup(id, { keep: 3 }), planned);
    assert.deepEqual(await vault.cleanup(id, { keep: 0 }), [ids[4], ids[3]]);
    assert.equal((await vault.latest(ids[5] ?? '')).version, 6);
  });

  test('never gives a number again', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const second = await vault.rotate(id);
    await vault.revoke(second.id);
    await assert.rejects(vault.delete(second.id), { code: 'KEY_STATE' });
  });

  test('by age spares what is young', async (t) => {
    let now = 1000;
    const vault = await openVault(t, { now: () => now });
    const { id } = await vault.create();
    for (let count = 0; count < 3; count += 1) {
      now += 1000;
      await vault.rotate(id);
    }
    assert.equal((await vault.cleanup(id, { keep: 1, olderThanMs: 2500 })).length, 1);
  });
});

test('a ciphertext is bound to what it was bound to, and to each of its bits', async (t) => {
  const vault = await openVault(t);
  for (const algorithm of ['Aes256Gcm', 'ChaCha20Poly1305', 'XChaCha20Poly1305'] as const) {
    const { id } = await vault.create({ algorithm });
    const aad = text('row 7');
    const ciphertext = await vault.encrypt(id, text('secret'), { aad });
    assert.equal(String(await vault.decrypt(ciphertext, { aad })), 'secret');
    await assert.rejects(vault.decrypt(ciphertext), { code: 'DECRYPT_FAILED' });
    for (let bit = 0; bit < ciphertext.length * 8; bit += 1) {
      const changed = Buffer.from(ciphertext);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await assert.rejects(vault.decrypt(changed, { aad }), (error: { code?: string }) =>
        ['DECRYPT_FAILED', 'FORMAT_INVALID', 'NOT_FOUND'].includes(error.code ?? ''),
      );
    }
    for (let length = 0; length < ciphertext.length; length += 1) {
      await assert.rejects(vault.decrypt(ciphertext.subarray(0, length), { aad }));
    }
  }
});

test('keys are listed page by page, by what they are', async (t) => {
  const vault = await openVault(t);
  for (let count = 0; count < 7; count += 1) await vault.create({ label: `label ${count % 2}` });
  const first = await vault.list({ limit: 4 });
  const second = await vault.list({ limit: 4, cursor: first.cursor });
  assert.deepEqual([first.items.length, second.items.length, second.cursor], [4, 3, undefined]);
  const ids = [...first.items, ...second.items].map(({ id }) => id);
  assert.deepEqual(ids, ids.toSorted());
  assert.equal((await vault.list({ label: 'label 0' })).items.length, 4);
  assert.equal((await vault.list({ state: 'Revoked' })).items.length, 0);
});

describe('without showing a key', () => {
  test('what was encrypted moves to the newest version', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create();
    const before = await vault.encrypt(id, text('moved'), { aad: text('place') });
    const second = await vault.rotate(id);
    const after = await vault.rewrap(before, { aad: text('place') });
    await vault.revoke(id);
    assert.equal(String(await vault.decrypt(after, { aad: text('place') })), 'moved');
    await assert.rejects(vault.decrypt(before, { aad: text('place') }), { code: 'KEY_STATE' });
    assert.equal(after.subarray(2, 18).toString('hex'), second.id);
  });

  test('it signs, and each version verifies what it signed', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create({ algorithm: 'Ed25519' });
    const first = await vault.sign(id, text('data'));
    await vault.rotate(id);
    const second = await vault.sign(id, text('data'));
    assert.ok(await vault.verify(first, text('data')));
    assert.ok(await vault.verify(second, text('data')));
    assert.ok(!(await vault.verify(first, text('other'))));
    assert.ok(!(await vault.verify({ ...first, signature: second.signature }, text('data'))));
    assert.equal((await vault.publicKey(id)).length, 32);
  });

  test('two sides agree on a secret, of what it is for', async (t) => {
    const vault = await openVault(t);
    const [a, b] = [
      await vault.create({ algorithm: 'X25519' }),
      await vault.create({ algorithm: 'X25519' }),
    ];
    const info = text('files');
    using one = await vault.agree(a.id, await vault.publicKey(b.id), { info });
    using two = await vault.agree(b.id, await vault.publicKey(a.id), { info });
    using other = await vault.agree(b.id, await vault.publicKey(a.id));
    assert.ok(one.equals(two));
    assert.ok(!one.equals(other));
    await assert.rejects(vault.agree(a.id, new Uint8Array(32)), { name: 'RangeError' });
  });

  test('it authenticates and derives', async (t) => {
    const vault = await openVault(t);
    const { id } = await vault.create({ algorithm: 'HmacSha256' });
    const mac = await vault.hmac(id, text('data'));
    assert.ok(await vault.verifyHmac(mac, text('data')));
    assert.ok(!(await vault.verifyHmac(mac, text('date'))));
    using a = await vault.derive(id, { info: text('a'), lengthBytes: 64 });
    using b = await vault.derive(id, { info: text('b'), lengthBytes: 64 });
    assert.equal(a.sizeBytes, 64);
    assert.ok(!a.equals(b));
  });
});
