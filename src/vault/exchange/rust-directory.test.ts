import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { sealAead } from '../crypto/aead.ts';
import { argon2id } from '../crypto/argon2.ts';
import { type AeadAlgorithm, NONCE_BYTES } from '../keys/algorithm.ts';
import { debugKeyId, type KeyId, keyIdOf, newKeyId, versionId } from '../keys/key-id.ts';
import { cut, flipped } from './changed.fixture.ts';
import { jsonText } from './json-text.ts';
import { type RustDirectory, readRustDirectory } from './rust-directory.ts';
import { keyMetadataJson, type RustKeyMetadata } from './rust-metadata.ts';
import { timeJson } from './rust-time.ts';
import { fixture, fixtures, sampleMetadata } from './sample.fixture.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-rust-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const salt = Buffer.alloc(32, 9);
const masterKey = randomBytes(32);
const createdAt = { ms: 1_700_000_000_000, ns: 1 };

function writeVaultFile(): void {
  const vault = { salt, created_at: timeJson(createdAt), format_version: 1 };
  writeFileSync(join(directory, '.vault_metadata.json'), jsonText(vault, true));
}

function keyText(metadata: RustKeyMetadata, encryptedKey: Uint8Array): Buffer {
  return jsonText({ metadata: keyMetadataJson(metadata), encrypted_key: encryptedKey }, false);
}

/** A key file as upstream writes it; in the clear unless there is an algorithm. */
function writeKey(
  fields: Partial<RustKeyMetadata>,
  material: Uint8Array,
  { algorithm, master = masterKey, name }: WriteOptions = {},
): string {
  const metadata = { ...sampleMetadata, ...fields };
  const file = name ?? `${debugKeyId(metadata.id)}.json`;
  const stored = algorithm ? sealed(algorithm, master, material) : material;
  writeFileSync(join(directory, file), keyText(metadata, stored));
  return file;
}

interface WriteOptions {
  algorithm?: AeadAlgorithm;
  master?: Uint8Array;
  name?: string;
}

function sealed(algorithm: AeadAlgorithm, master: Uint8Array, plaintext: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES[algorithm]);
  const aad = Buffer.from('rust-keyvault-key-encryption');
  return Buffer.concat([nonce, sealAead(algorithm, master, { nonce, aad, plaintext })]);
}

/** A key of its own: version 1, whose id is the base id. */
function firstVersion(): { id: KeyId; baseId: KeyId } {
  const id = newKeyId();
  return { id, baseId: id };
}

const kinds = ({ findings }: RustDirectory) =>
  findings.map(({ kind, file }) => `${kind} ${file}`).sort();

const materials = ({ keys }: RustDirectory) =>
  Object.fromEntries(keys.map(({ metadata, material }) => [metadata.id, material.toString('hex')]));

describe('the directory that rust-keyvault wrote', () => {
  const expected = JSON.parse(fixture('expected.json').toString());
  const password = Buffer.from(expected['vault-encrypted'].password);
  const path = join(fixtures, 'vault-encrypted');
  const balanced = { memoryKib: 19_456, passes: 3, parallelism: 4 };

  test('opens to its keys, also when nobody knows the preset', async () => {
    const found = await readRustDirectory(path, { password });
    assert.deepEqual(found.createdAt, { ms: 1_795_218_095_523, ns: 543_889 });
    assert.deepEqual(found.findings, []);
    const backup: { id: string; key: string }[] = expected.backups['backup-gzip.json'].keys;
    assert.deepEqual(materials(found), Object.fromEntries(backup.map(({ id, key }) => [id, key])));
    assert.ok(found.keys.every((key) => key.isEncrypted));
  });

  test('does not open without a password, or with costs that are not its own', async () => {
    const refused = { code: 'UNLOCK_FAILED' };
    await assert.rejects(readRustDirectory(path), refused);
    const params = { memoryKib: 8, passes: 1, parallelism: 1 };
    await assert.rejects(readRustDirectory(path, { password, params }), refused);
    const greedy = { memoryKib: 4_294_967_295, passes: 1, parallelism: 1 };
    await assert.rejects(readRustDirectory(path, { password, params: greedy }), {
      code: 'KDF_LIMITS',
    });
    await assert.rejects(readRustDirectory(path, { masterKey: Buffer.alloc(32) }), refused);
    await assert.rejects(readRustDirectory(path, { masterKey: Buffer.alloc(31) }), {
      name: 'RangeError',
    });
  });

  test('does not open by a password without its salt', async () => {
    cpSync(path, directory, { recursive: true });
    writeFileSync(join(directory, '.vault_metadata.json'), '{"salt":[1]}');
    await assert.rejects(readRustDirectory(directory, { password, params: balanced }), {
      code: 'FORMAT_INVALID',
      message: /\.vault_metadata\.json/,
    });
  });

  test('is read and not changed', async () => {
    cpSync(path, directory, { recursive: true });
    const sums = () =>
      execFileSync('sh', ['-c', 'sha256sum .v* *; stat -c "%n %Y" .v* *'], { cwd: directory });
    const before = sums();
    await readRustDirectory(directory, { password, params: balanced });
    assert.deepEqual(sums(), before);
  });
});

test('presets are found by trying, also when keys were stored with several of them', async () => {
  writeVaultFile();
  const password = Buffer.from('password');
  const presets = [
    { memoryKib: 8192, passes: 1, parallelism: 1 },
    { memoryKib: 19_456, passes: 3, parallelism: 4 },
  ];
  const expected: Record<string, string> = {};
  for (const [index, params] of presets.entries()) {
    const one = firstVersion();
    const master = await argon2id(password, salt, params);
    writeKey(one, Buffer.alloc(32, index + 1), { algorithm: 'ChaCha20Poly1305', master });
    expected[one.id] = `0${index + 1}`.repeat(32);
  }
  const found = await readRustDirectory(directory, { password });
  assert.deepEqual(materials(found), expected);
  assert.deepEqual(found.findings, []);
});

describe('keys of a directory', () => {
  test('may be in the clear, which is upstream’s default', async () => {
    writeVaultFile();
    const [one, two] = [firstVersion(), firstVersion()];
    writeKey(one, Buffer.alloc(32, 1));
    writeKey(two, Buffer.alloc(32, 2));
    const found = await readRustDirectory(directory);
    assert.deepEqual(found.findings, []);
    assert.deepEqual(materials(found), { [one.id]: '01'.repeat(32), [two.id]: '02'.repeat(32) });
    assert.ok(found.keys.every((key) => !key.isEncrypted));
  });

  test('are encrypted with 12 or 24 bytes of nonce, and some may be in the clear', async () => {
    writeVaultFile();
    const algorithms = ['ChaCha20Poly1305', 'XChaCha20Poly1305', 'Aes256Gcm', undefined] as const;
    const expected: Record<string, string> = {};
    algorithms.forEach((algorithm, index) => {
      const one = firstVersion();
      writeKey(one, Buffer.alloc(32, index + 1), algorithm && { algorithm });
      expected[one.id] = `0${index + 1}`.repeat(32);
    });
    const found = await readRustDirectory(directory, { masterKey });
    assert.deepEqual(found.findings, []);
    assert.deepEqual(materials(found), expected);
  });

  test('are read without the file of the vault when it is not needed', async () => {
    const one = firstVersion();
    writeKey(one, Buffer.alloc(32, 1));
    const found = await readRustDirectory(directory);
    assert.equal(found.createdAt, undefined);
    assert.deepEqual(kinds(found), ['unreadable .vault_metadata.json']);
    assert.equal(found.keys.length, 1);
  });
});

describe('damage is told, and the other keys are there', () => {
  let one = firstVersion();
  let file = '';
  const sound = keyText({ ...sampleMetadata, ...firstVersion() }, Buffer.alloc(32, 2));

  beforeEach(() => {
    writeVaultFile();
    one = firstVersion();
    file = writeKey(one, Buffer.alloc(32, 1));
  });

  async function read(unlock = { masterKey }): Promise<RustDirectory> {
    const found = await readRustDirectory(directory, unlock);
    assert.ok(found.keys.some(({ metadata }) => metadata.id === one.id));
    return found;
  }

  const contents: [kind: string, bytes: Uint8Array][] = [
    ['empty', Buffer.alloc(0)],
    ['truncated', sound.subarray(0, 100)],
    ['truncated', sound.subarray(0, -1)],
    ['not-json', Buffer.from('hello')],
    ['not-json', Buffer.alloc(100)],
    ['not-json', Buffer.concat([sound, sound])],
    ['shape', Buffer.from('{}')],
    ['shape', keyText(sampleMetadata, Buffer.alloc(33))],
    ['shape', keyText(sampleMetadata, Buffer.alloc(0))],
    ['too-large', Buffer.alloc(64 * 1024 + 1, ' ')],
    ['not-authentic', keyText(sampleMetadata, Buffer.alloc(72))],
  ];
  for (const [kind, bytes] of contents) {
    test(`${kind}: ${bytes.length} bytes`, async () => {
      writeFileSync(join(directory, 'x.json'), bytes);
      // So that the master key is known to be the right one.
      writeKey(firstVersion(), Buffer.alloc(32, 3), { algorithm: 'ChaCha20Poly1305' });
      const found = await read();
      assert.deepEqual(kinds(found), [`${kind} x.json`]);
      assert.equal(found.findings[0]?.isKeyLost, true);
      assert.equal(found.keys.length, 2);
    });
  }

  test('what is no file is not followed, opened or waited for', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'holdfast-rust-'));
    writeFileSync(join(outside, 'key.json'), sound);
    symlinkSync(join(outside, 'key.json'), join(directory, 'a.json'));
    symlinkSync(join(directory, 'nowhere'), join(directory, 'b.json'));
    mkdirSync(join(directory, 'c.json'));
    execFileSync('mkfifo', [join(directory, 'd.json')]);
    const found = await read();
    rmSync(outside, { recursive: true });
    assert.deepEqual(
      kinds(found),
      ['a', 'b', 'c', 'd'].map((name) => `not-a-file ${name}.json`),
    );
  });

  test('a file that has not the name of its key', async () => {
    const { id } = firstVersion();
    writeKey({ id, baseId: id }, Buffer.alloc(32, 2), { name: 'mine.json' });
    const found = await read();
    assert.deepEqual(kinds(found), ['name-mismatch mine.json']);
    assert.equal(found.keys.length, 2);
  });

  test('two files with one id: the one that is named after it counts', async () => {
    for (const name of ['!.json', 'z.json']) {
      writeKey(one, Buffer.alloc(32, 2), { name });
      const found = await read();
      assert.deepEqual(kinds(found), [`duplicate-id ${name}`]);
      assert.equal(materials(found)[one.id], '01'.repeat(32));
      rmSync(join(directory, name));
    }
  });

  test('a version whose id is not derived from its base id', async () => {
    const derived = versionId(one.baseId, 2);
    writeKey({ ...one, id: derived, version: 2 }, Buffer.alloc(32, 2));
    assert.deepEqual(kinds(await read()), []);
    const other = newKeyId();
    const strange = writeKey({ ...one, id: other, version: 3 }, Buffer.alloc(32, 3));
    const first = writeKey({ id: newKeyId(), baseId: newKeyId() }, Buffer.alloc(32, 4));
    const found = await read();
    assert.deepEqual(kinds(found), [`foreign-id ${first}`, `foreign-id ${strange}`].sort());
    assert.equal(found.keys.length, 4);
  });

  test('a version that a rotation has overwritten with the first one', async () => {
    const second = { baseId: one.baseId, id: versionId(one.baseId, 2), version: 2 };
    const third = { baseId: one.baseId, id: versionId(one.baseId, 3), version: 3 };
    const overwritten = writeKey(second, Buffer.alloc(32, 1));
    writeKey(third, Buffer.alloc(32, 3), { algorithm: 'ChaCha20Poly1305' });
    const found = await read();
    assert.deepEqual(kinds(found), [`same-material ${overwritten}`]);
    const [finding] = found.findings;
    assert.equal(finding?.id, second.id);
    assert.ok(finding?.message.includes(file));
    assert.equal(found.keys.length, 3);
  });

  test('keys that were stored with another password', async () => {
    const mine = firstVersion();
    const strange = firstVersion();
    const algorithm = 'ChaCha20Poly1305';
    writeKey(mine, Buffer.alloc(32, 2), { algorithm });
    const lost = writeKey(strange, Buffer.alloc(32, 3), { algorithm, master: randomBytes(32) });
    const found = await read();
    assert.deepEqual(kinds(found), [`not-authentic ${lost}`]);
    assert.equal(found.findings[0]?.id, strange.id);
    assert.equal(materials(found)[mine.id], '02'.repeat(32));
  });
});

describe('a file of a key', () => {
  const id = keyIdOf(new Uint8Array(16).fill(7));
  const other = { id: newKeyId(), baseId: newKeyId() };

  /** The material that comes out of such a file; undefined when none does. */
  async function materialOf(bytes: Uint8Array): Promise<string | undefined> {
    writeFileSync(join(directory, 'x.json'), bytes);
    const { keys } = await readRustDirectory(directory, { masterKey });
    return keys.find((key) => key.file === 'x.json')?.material.toString('hex');
  }

  test('changed or cut anywhere has the same key, or none', async () => {
    writeVaultFile();
    writeKey(other, Buffer.alloc(32, 3), { algorithm: 'ChaCha20Poly1305' });
    const material = createHash('sha256').update('key').digest();
    const algorithm = 'XChaCha20Poly1305';
    const text = keyText({ ...sampleMetadata, id }, sealed(algorithm, masterKey, material));
    assert.equal(await materialOf(text), material.toString('hex'));
    let refused = 0;
    const copies = [...flipped(text, () => false)].filter((_, offset) => offset % 2 === 0);
    for (const bytes of copies) {
      const found = await materialOf(bytes);
      if (found === undefined) refused += 1;
      else assert.equal(found, material.toString('hex'));
    }
    assert.ok(refused > 100, `${refused}`);
    const cuts = [...cut(text)].filter(({ length }) => length % 10 === 0);
    for (const bytes of cuts) assert.equal(await materialOf(bytes), undefined);
  });
});

describe('a path', () => {
  test('that is no vault is refused', async () => {
    await assert.rejects(readRustDirectory(join(directory, 'none')), { code: 'STORE_MISSING' });
    await assert.rejects(readRustDirectory(directory), { code: 'FORMAT_INVALID' });
    writeFileSync(join(directory, 'note.txt'), 'x');
    await assert.rejects(readRustDirectory(directory), { code: 'FORMAT_INVALID' });
    await assert.rejects(readRustDirectory(join(directory, 'note.txt')), { code: 'IO_ERROR' });
  });

  test('of an empty vault has no keys', async () => {
    writeVaultFile();
    const found = await readRustDirectory(directory);
    assert.deepEqual(found, { createdAt, keys: [], findings: [] });
  });

  test('is given up when the signal says so', async () => {
    writeVaultFile();
    writeKey(firstVersion(), Buffer.alloc(32, 1));
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(readRustDirectory(directory, undefined, signal), /enough/);
  });
});
