import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { Vault } from '../src/vault.ts';
import { directoryOf, openVault } from './vault/file-vault.ts';

const worker = join(import.meta.dirname, 'vault', 'worker.ts');

/** Starts so many workers, lets them begin at once, and answers what each said last. */
async function race<T>(t: TestContext, count: number, ...args: string[]): Promise<T[]> {
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const workers = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, [worker, ...args], {
      ...{ env, stdio: ['pipe', 'pipe', 'inherit'] },
    });
    t.after(() => child.kill('SIGKILL'));
    return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
  });
  for (const { lines } of workers) assert.equal((await lines.next()).value, '"ready"');
  for (const { child } of workers) child.stdin.write('go\n');
  const last = async (one: (typeof workers)[number]): Promise<T> => {
    const { value, done } = await one.lines.next();
    assert.ok(!done, 'a worker ended without an answer');
    return JSON.parse(value) as T;
  };
  return Promise.all(workers.map(last));
}

const PROCESSES = 8;
const ROTATIONS = 100;

test('eight processes rotate one key a hundred times each: every version is there once', async (t) => {
  const dir = directoryOf(t);
  const vault = await openVault(t, dir);
  const { id } = await vault.create({ algorithm: 'Aes256Gcm' });
  const first = await vault.encrypt(id, Buffer.from('first'));
  interface Made {
    readonly made: readonly { version: number; text: string; ciphertext: string }[];
    readonly conflicts: number;
  }
  const all = await race<Made>(t, PROCESSES, 'rotate', dir, id, `${ROTATIONS}`);
  const made = all.flatMap((one) => one.made);
  const expected = Array.from({ length: PROCESSES * ROTATIONS }, (_, index) => index + 2);
  assert.deepEqual(
    made.map(({ version }) => version).toSorted((a, b) => a - b),
    expected,
  );
  const versions = await vault.versions(id);
  assert.equal(new Set(versions.map((key) => key.id)).size, PROCESSES * ROTATIONS + 1);
  assert.deepEqual(
    versions.filter(({ state }) => state === 'Active').map(({ version }) => version),
    [PROCESSES * ROTATIONS + 1],
  );
  assert.equal(String(await vault.decrypt(first)), 'first');
  for (const { text, ciphertext } of made) {
    assert.equal(String(await vault.decrypt(Buffer.from(ciphertext, 'base64'))), text);
  }
  const events = await vault.audit.verify();
  assert.equal(events, 2 + PROCESSES * ROTATIONS);
  t.diagnostic(`${all.reduce((sum, { conflicts }) => sum + conflicts, 0)} conflicts`);
});

test('sixteen processes that open a missing vault at once make one, and lose no key', async (t) => {
  const dir = directoryOf(t);
  const made = await race<{ id: string; byte: number }>(t, 16, 'create', dir);
  const vault = await openVault(t, dir);
  assert.equal((await vault.list()).items.length, 16);
  for (const { id, byte } of made) {
    using secret = await vault.reveal(id);
    assert.deepEqual(Buffer.from(secret.expose()), Buffer.alloc(32, byte));
  }
  assert.equal(readFileSync(join(dir, 'key')).length, 32);
});

test('of ten processes that find a key old one rotates it, and all are given its version', async (t) => {
  const dir = directoryOf(t);
  const anHourAgo = Date.now() - 3_600_000;
  const unlock = { keyFile: join(dir, 'key') };
  const { id } = await (async () => {
    await using vault = await Vault.open({ dir, unlock, now: () => anHourAgo });
    return vault.create();
  })();
  const all = await race<{ version: number; rotated: boolean }>(t, 10, 'elect', dir, id, '600000');
  assert.equal(all.filter(({ rotated }) => rotated).length, 1);
  assert.deepEqual([...new Set(all.map(({ version }) => version))], [2]);
});

test('a key that one process has revoked is refused by the next call of every other', async (t) => {
  const dir = directoryOf(t);
  const vault = await openVault(t, dir);
  const { id } = await vault.create();
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const child = spawn(process.execPath, [worker, 'encrypt', dir, id], {
    ...{ env, stdio: ['pipe', 'pipe', 'inherit'] },
  });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  await vault.revoke(id);
  child.stdin.write('go\n');
  assert.equal((await lines.next()).value, '"KEY_STATE"');
});
