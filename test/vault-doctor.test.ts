import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { hostFindings } from '../src/vault/doctor/host.ts';
import { inspectVault, newRecoveryCode, Vault, type VaultFindingCode } from '../src/vault.ts';
import { CommandLine } from './vault/command-line.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const OF_THE_HOST = new Set<VaultFindingCode>(['swap', 'core-dumps', 'memory-readable']);

interface Place {
  readonly dir: string;
  readonly keyFile: string;
}

/** Nothing can be said against it. */
async function wellKept(t: TestContext): Promise<Place> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-doctor-')));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const place = { dir: join(root, 'data'), keyFile: join(root, 'key') };
  mkdirSync(place.dir, { mode: 0o700 });
  await using vault = await open(place);
  await vault.slots.add({ recoveryCode: newRecoveryCode() });
  await vault.create({ label: 'kept' });
  return place;
}

const open = ({ dir, keyFile }: Place, now?: () => number) =>
  Vault.open({ dir, unlock: { keyFile }, now });

function outside(place: Place): VaultFindingCode[] {
  const codes = inspectVault(place).findings.map(({ code }) => code);
  return codes.filter((code) => !OF_THE_HOST.has(code));
}

async function inside(place: Place, now?: () => number): Promise<VaultFindingCode[]> {
  await using vault = await open(place, now);
  return (await vault.examine()).map(({ code }) => code);
}

describe('a look at a vault from outside', () => {
  test('finds nothing in one that is well kept, and changes nothing', async (t) => {
    const place = await wellKept(t);
    const inspection = inspectVault(place);
    assert.deepEqual(outside(place), []);
    assert.deepEqual(inspection.slots.map(({ kind }) => kind).sort(), ['key-file', 'recovery']);
    assert.throws(() => inspectVault({ dir: join(place.dir, 'none') }), { code: 'STORE_MISSING' });
  });

  test('finds what others may read', async (t) => {
    const place = await wellKept(t);
    const database = join(place.dir, 'vault.db');
    for (const [path, mode, code] of [
      [place.dir, 0o755, 'directory-open'],
      [place.keyFile, 0o640, 'key-file-open'],
      [database, 0o644, 'store'],
    ] as const) {
      const whole = path === place.dir ? 0o700 : 0o600;
      chmodSync(path, mode);
      assert.ok(outside(place).includes(code), path);
      chmodSync(path, whole);
      assert.deepEqual(outside(place), []);
    }
  });

  test('finds a weak derivation, and a single way in', async (t) => {
    const place = await wellKept(t);
    const argon2 = { memoryKib: 8192, passes: 1, parallelism: 1 };
    {
      await using vault = await open(place);
      await vault.slots.add({ password: Buffer.from('weak'), argon2 });
    }
    assert.deepEqual(outside(place), ['weak-kdf']);
    {
      await using vault = await open(place);
      for (const { id, kind } of await vault.slots.list()) {
        if (kind !== 'key-file') await vault.slots.remove(id);
      }
    }
    assert.deepEqual(outside(place), ['one-way-in']);
  });

  test('finds attempts in vain, and a key file that lies beside the vault', async (t) => {
    const place = await wellKept(t);
    const other = { ...place, keyFile: join(place.dir, 'key') };
    writeFileSync(other.keyFile, Buffer.alloc(32, 1), { mode: 0o600 });
    await assert.rejects(open(other), { code: 'UNLOCK_FAILED' });
    assert.deepEqual(outside(other), ['key-file-beside', 'failed-attempts']);
    assert.deepEqual(await inside(place), ['failed-attempts']);
    assert.deepEqual(outside(place), []);
    assert.deepEqual(await inside(place, () => Date.now() + 8 * DAY_MS), []);
  });

  test('says of a file that is damaged where it is', async (t) => {
    const place = await wellKept(t);
    const database = new DatabaseSync(join(place.dir, 'vault.db'));
    database.exec("UPDATE slots SET slot = x'00'");
    database.close();
    const { slots, findings } = inspectVault(place);
    const found = findings.find(({ code }) => code === 'unreadable-way-in');
    assert.deepEqual(slots, []);
    assert.match(found?.text ?? '', /way in [0-9a-f]{32} is damaged/);
    assert.equal(found?.severity, 'problem');
  });

  test('finds swap, core dumps and memory that others may read', (t) => {
    const proc = mkdtempSync(join(tmpdir(), 'holdfast-doctor-proc-'));
    t.after(() => rmSync(proc, { recursive: true }));
    const codes = () => hostFindings(proc).map(({ code }) => code);
    assert.deepEqual(codes(), []);
    mkdirSync(join(proc, 'self'));
    mkdirSync(join(proc, 'sys/kernel/yama'), { recursive: true });
    const limits = (soft: string) =>
      writeFileSync(
        join(proc, 'self/limits'),
        `Limit\nMax core file size        ${soft}      unlimited bytes\n`,
      );
    writeFileSync(join(proc, 'swaps'), 'Filename Type\n/dev/sda2 partition\n');
    writeFileSync(join(proc, 'sys/kernel/yama/ptrace_scope'), '0\n');
    limits('unlimited');
    assert.deepEqual(codes(), ['swap', 'core-dumps', 'memory-readable']);
    writeFileSync(join(proc, 'swaps'), 'Filename Type\n');
    writeFileSync(join(proc, 'sys/kernel/yama/ptrace_scope'), '1\n');
    limits('0');
    assert.deepEqual(codes(), []);
  });
});

describe('holdfast vault doctor', () => {
  test('says what is wrong and what to do, and exits 1 for a problem only', async (t) => {
    const line = new CommandLine(t);
    assert.match((await line.fails('doctor')).stderr, /holdfast vault init/);
    await line.with((vault) => vault.create({ label: 'short', encryptUntil: Date.now() - 1 }));
    const bad = await line.run(['doctor']);
    assert.equal(bad.code, 1);
    assert.match(bad.stdout, /problem: version 1 of key short is in use and has expired/);
    assert.match(bad.stdout, /holdfast vault rotate [0-9a-f]{32}/);
    const report = JSON.parse((await line.run(['doctor', '--json'])).stdout);
    const codes = report.findings.map(({ code }: { code: string }) => code);
    assert.ok(codes.includes('expired-in-use') && codes.includes('one-way-in'), codes);
    assert.deepEqual([report.is_opened, report.slots.length], [true, 1]);
    const closed = await line.run(['doctor'], { env: { HOLDFAST_VAULT_KEY_FILE: '' } });
    assert.equal(closed.code, 0);
    assert.match(closed.stdout, /not opened/);
  });
});

describe('a look at an open vault', () => {
  test('finds a key that has expired and one that was never rotated, until they are', async (t) => {
    const place = await wellKept(t);
    const start = Date.now();
    let id = '';
    {
      await using vault = await open(place);
      ({ id } = await vault.create({ label: 'short', encryptUntil: start + DAY_MS }));
    }
    assert.deepEqual(await inside(place), []);
    const late = () => start + 2 * DAY_MS;
    assert.deepEqual(await inside(place, late), ['expired-in-use']);
    {
      await using vault = await open(place, late);
      await vault.rotate(id, { encryptUntil: start + 1000 * DAY_MS });
    }
    assert.deepEqual(await inside(place, late), []);
    const later = () => start + 400 * DAY_MS;
    assert.deepEqual(await inside(place, later), ['never-rotated', 'never-rotated']);
  });

  test('finds a version that was staged and forgotten, and old ones that nobody removes', async (t) => {
    const place = await wellKept(t);
    let id = '';
    {
      await using vault = await open(place);
      ({ id } = await vault.create());
      for (let turn = 0; turn < 11; turn += 1) await vault.rotate(id);
      await vault.rotate(id, { stage: true });
    }
    const late = () => Date.now() + 8 * DAY_MS;
    assert.deepEqual((await inside(place, late)).sort(), ['long-staged', 'many-old-versions']);
    {
      await using vault = await open(place);
      const staged = (await vault.versions(id)).at(-1);
      await vault.promote(staged?.id ?? '');
      await vault.cleanup(id, { keep: 3 });
    }
    assert.deepEqual(await inside(place, late), []);
  });

  test('finds secrets whose grace is over', async (t) => {
    const place = await wellKept(t);
    const late = () => Date.now() + DAY_MS;
    {
      await using vault = await open(place);
      await vault.secrets.set('gone', Buffer.from('value'));
      await vault.secrets.delete('gone', { graceMs: 1000 });
    }
    assert.deepEqual(await inside(place, late), ['grace-over']);
    {
      await using vault = await open(place, late);
      await vault.secrets.purge();
    }
    assert.deepEqual(await inside(place, late), []);
  });

  test('finds a log that was changed', async (t) => {
    const place = await wellKept(t);
    const database = new DatabaseSync(join(place.dir, 'vault.db'));
    database.exec('UPDATE audit SET at = at + 1 WHERE sequence = 2');
    database.close();
    assert.deepEqual(await inside(place), ['tampered']);
  });
});
