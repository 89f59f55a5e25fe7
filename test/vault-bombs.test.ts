import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { sealAead } from '../src/vault/crypto/aead.ts';
import { argon2id } from '../src/vault/crypto/argon2.ts';
import { ByteWriter } from '../src/vault/exchange/byte-writer.ts';
import { sealEnvelope } from '../src/vault/exchange/envelope.ts';
import { Vault } from '../src/vault.ts';
import type { BombReport } from './vault/bomb-child.ts';
import { CHEAP, carriedFile, PASSWORD } from './vault/carried-files.ts';
import { derivationsOf } from './vault/derivations.ts';

/** Beyond the file itself, and what its key derivation takes. */
const MEMORY_MAX_MIB = 64;

/** Of a file that is text: nothing is built of it that was not asked for. */
const TEXT_MEMORY_MAX_MIB = 5;

/** Long enough for a machine with other work; the worst of these files takes a second. */
const TIME_MAX_MS = 20_000;

let home = '';
let vault: Vault;
let rustExport: Record<string, unknown>;
let rustBackup: Record<string, unknown>;

before(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-bombs-')));
  vault = await Vault.open({ ephemeral: true, name: 'bombs' });
  rustExport = JSON.parse(String(await carriedFile('rust-export')));
  rustBackup = JSON.parse(String(await carriedFile('rust-backup')));
});
after(async () => {
  await vault.close();
  rmSync(home, { recursive: true, force: true });
});

const MIB = 1024 * 1024;
const changed = (fields: Record<string, unknown>) => JSON.stringify({ ...rustExport, ...fields });
/** With text that is no JSON value, or one that is too large to be made as one. */
const withField = (name: string, text: string | Buffer) => {
  const rest = changed({ [name]: undefined });
  const [head, tail] = [`{"${name}":`, `,${rest.slice(1)}`];
  return Buffer.concat([head, text, tail].map((part) => Buffer.from(part)));
};

const SIZE_BYTES = 10 * MIB;

describe('a file that is a bomb is refused, with little memory:', () => {
  const fill = (piece: string, sizeBytes: number) => Buffer.alloc(sizeBytes, piece);
  const within = (head: string, piece: string, tail: string) =>
    Buffer.concat([Buffer.from(head), fill(piece, SIZE_BYTES), Buffer.from(tail)]);

  const exports: Readonly<Record<string, () => Buffer>> = {
    'numbers for a salt': () => withField('salt', within('[0', ',0', ']')),
    'numbers nobody asked for, and no end': () => withField('unknown', within('[0', ',1', '}')),
    'objects nobody asked for, and no end': () => withField('unknown', within('[{}', ',{}', '}')),
    'a text nobody asked for, and no end': () => withField('unknown', within('"😀', 'a', '')),
    'escapes nobody asked for, one of them wrong': () =>
      withField('unknown', within('"', '\\u1234', '\\x"')),
    'a comment': () => withField('comment', within('"', 'é', '"')),
    brackets: () => withField('unknown', fill('[', SIZE_BYTES)),
    'objects in each other': () => withField('unknown', fill('{"a":', SIZE_BYTES)),
    'one number': () => withField('unknown', fill('9', SIZE_BYTES)),
    fields: () => Buffer.from(`{${Array.from({ length: 1e6 }, (_, at) => `"${at}":0`).join()}}`),
    nothing: () => fill(' ', SIZE_BYTES),
  };

  const backups: Readonly<Record<string, () => Promise<Buffer>>> = {
    'a gigabyte of zeros, packed into a megabyte': () =>
      backupOf(Buffer.concat(Array(1024).fill(gzipSync(Buffer.alloc(MIB))))),
    'twenty-eight megabytes, a thousand to one, that are no backup': () =>
      backupOf(gzipSync(Buffer.concat([Buffer.from('{"keys":['), Buffer.alloc(28 * MIB, ' ')]))),
  };

  let reports: Readonly<Record<string, BombReport>>;

  before(async () => {
    const names: string[] = [];
    const put = (name: string, file: Buffer) => {
      names.push(name);
      writeFileSync(join(home, name), file);
    };
    // Those that take memory come first, while there is none to be used again.
    for (const [what, make] of Object.entries(backups)) put(`backup ${what}`, await make());
    for (const [what, make] of Object.entries(exports)) put(`export ${what}`, make());
    const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const argv = [join(import.meta.dirname, 'vault', 'bomb-child.ts'), home, ...names];
    const { stdout } = await promisify(execFile)(process.execPath, argv, { env });
    reports = JSON.parse(stdout);
  });

  for (const what of Object.keys(exports)) {
    test(`ten megabytes of ${what}`, (t) => {
      assertDefused(t, reports[`export ${what}`], TEXT_MEMORY_MAX_MIB);
    });
  }
  for (const what of Object.keys(backups)) {
    test(`${what}, by who knows the password`, (t) => {
      assertDefused(t, reports[`backup ${what}`], MEMORY_MAX_MIB);
    });
  }

  function assertDefused(t: TestContext, report: BombReport | undefined, mostMib: number): void {
    assert.ok(report);
    const { code, mib, ms } = report;
    t.diagnostic(`${mib.toFixed(1)} MiB, ${ms.toFixed(0)} ms`);
    assert.equal(code, 'FORMAT_INVALID');
    assert.ok(mib < mostMib, `${mib} MiB`);
    assert.ok(ms < TIME_MAX_MS, `${ms} ms`);
  }
});

/** A backup of rust-keyvault whose contents are these bytes, whatever they are. */
async function backupOf(packed: Buffer): Promise<Buffer> {
  const salt = randomBytes(32);
  const key = await argon2id(PASSWORD, salt, CHEAP);
  const nonce = randomBytes(24);
  const input = { nonce, aad: new Uint8Array(), plaintext: packed };
  const data = Buffer.concat([nonce, sealAead('XChaCha20Poly1305', key, input)]);
  const metadata = {
    ...(rustBackup.metadata as object),
    ...{ compressed: true, data_size: data.length },
    checksum: [...createHmac('sha256', key).update(data).digest()],
  };
  const file = { ...rustBackup, metadata, salt: [...salt], encrypted_data: [...data] };
  return Buffer.from(JSON.stringify(file));
}

describe('numbers that no file has are refused before a key is derived:', () => {
  const elements = ['256', '-1', '1.5', '1e1', '01', '"1"', 'null', '[1]', 'true', '', ' '];
  for (const element of elements) {
    test(`bytes with ${element || 'nothing'} among them`, async () => {
      for (const name of ['salt', 'encrypted_key']) {
        const list = `[${element},${(rustExport[name] as number[]).slice(1).join()}]`;
        await assertRefused(withField(name, list), 'FORMAT_INVALID');
      }
    });
  }

  const limits = [4_294_967_295, 1_048_577, 0, 4_294_967_296, -1, 1.5, 1e308];
  for (const name of ['memory_kib', 'time_cost', 'parallelism']) {
    test(`${name} of ${limits.join(', ')}`, async () => {
      for (const value of limits) {
        const costs = { memory_kib: 8, time_cost: 1, parallelism: 1, [name]: value };
        const isNumber = Number.isInteger(value) && value >= 0 && value <= 4_294_967_295;
        const code = isNumber ? 'KDF_LIMITS' : 'FORMAT_INVALID';
        await assertRefused(changed({ argon2_params: costs }), code);
      }
    });
  }

  test('a field twice, at any depth, and lengths that nothing follows', async () => {
    const text = changed({});
    for (const [before, twice] of [
      ['"salt":', '"salt":[],"salt":'],
      ['"memory_kib":', '"memory_kib":1,"memory_kib":'],
      ['"state":', '"\\u0073tate":"Active","state":'],
      ['"secs_since_epoch":', '"x":{"y":1,"y":1},"secs_since_epoch":'],
    ] as const) {
      assert.ok(text.includes(before));
      await assertRefused(text.replace(before, twice), 'FORMAT_INVALID');
    }
    const { id } = await vault.create();
    const ours = await vault.exportKey(id, PASSWORD, { argon2: CHEAP });
    for (const at of [112, 116]) {
      for (const length of [0xffff_ffff, 0x7fff_ffff, 256 * MIB + 17, 100 * MIB]) {
        const file = Buffer.from(ours);
        file.writeUInt32BE(length, at);
        await assertRefused(file, 'FORMAT_INVALID');
      }
    }
  });

  async function assertRefused(file: string | Buffer, code: string): Promise<void> {
    const derivations = await derivationsOf(async () => {
      await assert.rejects(vault.importKey(file, PASSWORD), { name: /Error/, code });
    });
    assert.equal(derivations, 0);
  }
});

describe('a backup of ours, by who knows the password, in which there is said to be', () => {
  const COUNT = 0xffff_ffff;
  const secret = (write: (writer: ByteWriter) => void) => (writer: ByteWriter) => {
    for (const count of [0, 1]) writer.u32(count);
    write(writer);
  };
  const header = (writer: ByteWriter) => {
    writer.text('name');
    writer.u32(0);
    writer.u64(1);
    writer.time(undefined);
    writer.time(undefined);
  };
  const contents: Readonly<Record<string, (writer: ByteWriter) => void>> = {
    'four billion keys': (writer) => writer.u32(COUNT),
    'four billion secrets': (writer) => [0, COUNT].forEach((count) => void writer.u32(count)),
    'four billion events': (writer) => [0, 0, COUNT].forEach((count) => void writer.u32(count)),
    'a name of four gigabytes': secret((writer) => writer.u32(COUNT)),
    'four billion tags': secret((writer) => {
      writer.text('name');
      writer.u32(COUNT);
    }),
    'four billion values': secret((writer) => {
      header(writer);
      writer.u32(COUNT);
    }),
    'a value of four gigabytes': secret((writer) => {
      header(writer);
      writer.u32(1);
      writer.u64(1);
      writer.u64(1);
      writer.u32(COUNT);
    }),
    'an event that nests a million times': (writer) => {
      for (const count of [0, 0, 1]) writer.u32(count);
      writer.u64(1);
      writer.u64(1);
      writer.text('['.repeat(1_000_000));
    },
  };
  for (const [what, write] of Object.entries(contents)) {
    test(`${what}, is refused`, async () => {
      const writer = new ByteWriter();
      writer.u64(1);
      writer.u64(1);
      write(writer);
      const salt = randomBytes(32);
      const file = sealEnvelope(writer.finish(), {
        ...({ kind: 'backup', params: CHEAP, comment: undefined } as const),
        ...{ salt, nonce: randomBytes(24), createdAt: 1 },
        stretched: await argon2id(PASSWORD, salt, CHEAP),
      });
      const rss = process.memoryUsage.rss();
      await assert.rejects(vault.restore(file, PASSWORD), { code: 'FORMAT_INVALID' });
      assert.ok(process.memoryUsage.rss() - rss < MEMORY_MAX_MIB * MIB);
    });
  }
});

describe('the file of a vault', () => {
  async function withPasswords(t: TestContext): Promise<string> {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-bombs-')));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    await (await Vault.open({ dir, unlock: { password: PASSWORD, argon2: CHEAP } })).close();
    return dir;
  }

  test('that asks for a costly password is refused before it is tried', async (t) => {
    const dir = await withPasswords(t);
    const database = new DatabaseSync(join(dir, 'vault.db'));
    t.after(() => database.close());
    const { slot } = database.prepare('SELECT slot FROM slots').get() as { slot: Uint8Array };
    const put = database.prepare('UPDATE slots SET slot = ?');
    for (const [at, value] of [
      ...[[22, 0xffff_ffff] as const, [22, 1_048_577] as const, [22, 0] as const],
      ...[[26, 0xffff_ffff] as const, [26, 17] as const, [26, 0] as const],
      ...[[30, 0xffff_ffff] as const, [30, 17] as const, [30, 0] as const],
    ]) {
      const other = Buffer.from(slot);
      other.writeUInt32BE(value, at);
      put.run(other);
      const derivations = await derivationsOf(() =>
        assert.rejects(Vault.open({ dir, unlock: { password: PASSWORD } }), {
          code: 'KDF_LIMITS',
        }),
      );
      assert.equal(derivations, 0);
    }
    // Costs within the bounds are run, once, before anybody knows that they are not the vault's.
    const other = Buffer.from(slot);
    other.writeUInt32BE(64, 22);
    put.run(other);
    const derivations = await derivationsOf(() =>
      assert.rejects(Vault.open({ dir, unlock: { password: PASSWORD } }), {
        code: 'UNLOCK_FAILED',
      }),
    );
    assert.equal(derivations, 1);
  });

  test('with rows without number has its first thousand failed attempts told, and opens', async (t) => {
    const dir = await withPasswords(t);
    const database = new DatabaseSync(join(dir, 'vault.db'));
    database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
      INSERT INTO attempts (at) SELECT i FROM n`);
    database.close();
    await using opened = await Vault.open({ dir, unlock: { password: PASSWORD } });
    assert.equal((await opened.audit.read({ limit: 10_000 })).length, 1001);
  });
});
