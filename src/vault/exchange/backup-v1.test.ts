import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { openAead, sealAead } from '../crypto/aead.ts';
import { argon2id } from '../crypto/argon2.ts';
import { type BackupContents, formatContents, openKeys, parseContents } from './backup-contents.ts';
import { formatBackupV1, parseBackupV1, type SealedBackup } from './backup-file.ts';
import { openBackupV1, readBackupV1, sealBackupV1, writeBackupV1 } from './backup-v1.ts';
import { cut, flipped } from './changed.fixture.ts';
import { sealExportV1 } from './export-v1.ts';
import { RUST_FILE_COSTS } from './rust-kdf.ts';
import { fixture, rustKeyMetadata, sampleMetadata } from './sample.fixture.ts';

const file = fixture('backup-gzip.json');
const expected = JSON.parse(fixture('expected.json').toString()).backups['backup-gzip.json'];
const password = Buffer.from(expected.password);
const original = parseBackupV1(file);
/** Run once: a change of one bit elsewhere asks for the same. */
const key = await argon2id(password, original.salt, original.params);
const contents = await openBackupV1(original, key);
const noAad = new Uint8Array();

/** The file, compact, with some of its fields changed, or left out. */
function changed(fields: Record<string, unknown>, metadata: Record<string, unknown> = {}): string {
  const json = JSON.parse(file.toString());
  return JSON.stringify({ ...json, ...fields, metadata: { ...json.metadata, ...metadata } });
}

/** A backup whose checksum is right, of any contents. */
function forged(packed: Uint8Array, isCompressed: boolean): SealedBackup {
  const nonce = randomBytes(24);
  const sealed = sealAead('XChaCha20Poly1305', key, { nonce, aad: noAad, plaintext: packed });
  const encryptedData = Buffer.concat([nonce, sealed]);
  const checksum = createHmac('sha256', key).update(encryptedData).digest();
  return { ...original, isCompressed, encryptedData, checksum };
}

/** Whether a file asks for the key derivation that has been run. */
function hasSameKey({ salt, params }: SealedBackup): boolean {
  return Buffer.compare(salt, original.salt) === 0 && isDeepStrictEqual(params, original.params);
}

/** Whether a file gives the same to whoever opens it. */
function isSameInside(found: SealedBackup): boolean {
  return (
    hasSameKey(found) &&
    Buffer.compare(found.encryptedData, original.encryptedData) === 0 &&
    Buffer.compare(found.checksum, original.checksum) === 0 &&
    found.algorithm === original.algorithm &&
    found.isCompressed === original.isCompressed &&
    found.keyCount === original.keyCount
  );
}

describe('the backup that rust-keyvault wrote', () => {
  test('opens to its keys', async () => {
    const steps: string[] = [];
    const onProgress = (done: number, total: number) => steps.push(`${done}/${total}`);
    const found = await openKeys(contents.keys, { onProgress });
    const keys = found.map(({ material, metadata: { id, version, state, algorithm } }) => {
      return { id, version, state, algorithm, key: material.toString('hex') };
    });
    assert.deepEqual(keys, expected.keys);
    assert.deepEqual(contents.vaultCreatedAt, { ms: 1_795_218_095_523, ns: 543_889 });
    assert.deepEqual(original.createdAt, { ms: 1_795_218_104_114, ns: 573_756 });
    assert.equal(original.comment, 'c');
    assert.deepEqual(steps, ['1/4', '2/4', '3/4', '4/4']);
  });

  test('is written again to the byte, outside and inside', async () => {
    assert.equal(formatBackupV1(original, true), file.toString());
    assert.equal(formatBackupV1(original, false), changed({}));
    const { encryptedData } = original;
    const nonce = encryptedData.subarray(0, 24);
    const sealed = encryptedData.subarray(24);
    const packed = openAead('XChaCha20Poly1305', key, { nonce, aad: noAad, sealed });
    assert.equal(packed.subarray(0, 10).toString('hex'), '1f8b08000000000000ff');
    // Deflate may pack otherwise, so it is what comes out that must be the same.
    const again = await sealBackupV1(contents, { ...original, key, nonce });
    assert.deepEqual(await openBackupV1(again, key), contents);
    const ours = formatContents(contents);
    assert.deepEqual(parseContents(ours), contents);
    const repacked = await sealBackupV1(contents, { ...original, key, nonce, isCompressed: false });
    assert.equal(repacked.encryptedData.length, 24 + ours.length + 16);
  });

  test('with a bit changed has the same inside, or is refused', async () => {
    const compact = Buffer.from(changed({}));
    const dataAt = compact.indexOf('"encrypted_data"');
    let same = 0;
    let refused = 0;
    for (const other of flipped(compact, (offset) => offset < dataAt)) {
      try {
        const found = parseBackupV1(other);
        if (isSameInside(found)) same += 1;
        else {
          await openBackupV1(found, hasSameKey(found) ? key : randomBytes(32));
          assert.fail(`opened: ${other}`);
        }
      } catch (error) {
        const { code } = error as { code?: string };
        const codes = ['FORMAT_INVALID', 'KDF_LIMITS', 'UNLOCK_FAILED', 'DECRYPT_FAILED'];
        assert.ok(codes.includes(code ?? ''), `${error}`);
        refused += 1;
      }
    }
    // Times, the comment and has_audit_logs are in nobody's care.
    assert.ok(same > 50 && refused > 5000, `${same} ${refused}`);
  });

  test('with a bit of salt, checksum or data changed is refused', async () => {
    for (const name of ['salt', 'checksum', 'encryptedData'] as const) {
      for (const other of flipped(original[name], () => name !== 'encryptedData')) {
        const isSameKey = name !== 'salt';
        await assert.rejects(
          openBackupV1({ ...original, [name]: other }, isSameKey ? key : randomBytes(32)),
          { code: 'UNLOCK_FAILED' },
        );
      }
    }
  });

  test('is refused at every length that is not its own', () => {
    for (const other of cut(Buffer.from(changed({})))) {
      assert.throws(() => parseBackupV1(other), { code: 'FORMAT_INVALID', fault: 'truncated' });
    }
    assert.throws(() => parseBackupV1(`${file}}`), { code: 'FORMAT_INVALID' });
  });

  test('does not open with another password', async () => {
    await assert.rejects(openBackupV1(original, randomBytes(32)), { code: 'UNLOCK_FAILED' });
  });
});

describe('a file that is no backup', () => {
  const refused: [what: string, source: string, place: string][] = [
    ['another version', changed({ format_version: 2 }), 'format_version'],
    ['another version inside', changed({}, { format_version: 0 }), 'metadata.format_version'],
    ['a short checksum', changed({}, { checksum: [1, 2] }), 'metadata.checksum'],
    ['another size', changed({}, { data_size: 1 }), 'metadata.data_size'],
    ['no size', changed({}, { data_size: undefined }), 'metadata.data_size'],
    ['an unknown algorithm', changed({ encryption_algorithm: 'Ed25519' }), 'encryption_algorithm'],
    ['data that is too short', changed({ encrypted_data: [1] }), 'encrypted_data'],
    ['a value of 256', changed({ encrypted_data: [1, 256] }), 'encrypted_data'],
    ['a number for a truth', changed({}, { compressed: 1 }), 'metadata.compressed'],
  ];
  for (const [what, source, place] of refused) {
    test(`is refused: ${what}`, () => {
      assert.throws(() => parseBackupV1(source), { code: 'FORMAT_INVALID', place });
    });
  }

  test('asks for too much', async () => {
    const source = changed({
      argon2_params: { memory_kib: 4_294_967_295, time_cost: 1, parallelism: 1 },
    });
    await assert.rejects(readBackupV1(source, password), { code: 'KDF_LIMITS' });
  });
});

describe('contents that are authentic and wrong', () => {
  const plain = formatContents(contents);

  test('are refused when they unpack to too much', async () => {
    const bomb = gzipSync(Buffer.alloc(33 << 20, ' '));
    await assert.rejects(openBackupV1(forged(bomb, true), key), {
      code: 'FORMAT_INVALID',
      message: /more than 33554432 bytes/,
    });
  });

  test('are refused when the header says of them what is not so', async () => {
    const wrong = { code: 'FORMAT_INVALID' };
    await assert.rejects(openBackupV1(forged(plain, true), key), wrong);
    await assert.rejects(openBackupV1({ ...original, isCompressed: false }, key), wrong);
    await assert.rejects(openBackupV1({ ...original, keyCount: 3 }, key), wrong);
    await assert.rejects(openBackupV1({ ...original, algorithm: 'Aes256Gcm' }, key), {
      code: 'DECRYPT_FAILED',
    });
  });

  test('are refused with the place, before any key is derived', async () => {
    const other = (from: string, to: string) => Buffer.from(plain.toString().replace(from, to));
    await assert.rejects(openBackupV1(forged(other('"salt":[', '"salt":[256,'), false), key), {
      code: 'FORMAT_INVALID',
      place: 'keys[0].salt',
    });
    const greedy = other('"memory_kib":65536', '"memory_kib":4294967295');
    await assert.rejects(openBackupV1(forged(greedy, false), key), { code: 'KDF_LIMITS' });
    await assert.rejects(openBackupV1(forged(Buffer.alloc(0), false), key), {
      code: 'FORMAT_INVALID',
    });
  });

  test('are not gone on with when the signal says so, or one key does not open', async () => {
    const cheap = { memoryKib: 8, passes: 1, parallelism: 1 };
    const salt = Buffer.alloc(32);
    const innerPassword = Buffer.from('temp-internal-export-password-for-backup');
    const wrapKey = await argon2id(innerPassword, salt, cheap);
    const one = { material: randomBytes(32), metadata: sampleMetadata };
    const wrapping = 'XChaCha20Poly1305' as const;
    const header = { wrapping, salt, wrapKey, exportedAt: sampleMetadata.createdAt };
    const sealed = { ...header, params: cheap, nonce: randomBytes(24), comment: undefined };
    const keys = new Array(10).fill(sealExportV1(one, sealed));
    assert.equal((await openKeys(keys, {})).length, 10);
    const abort = new AbortController();
    const reached: number[] = [];
    const onProgress = (done: number) => {
      reached.push(done);
      if (done === 3) abort.abort(new Error('enough'));
    };
    await assert.rejects(openKeys(keys, { signal: abort.signal, onProgress }), /enough/);
    assert.ok(reached.length <= 4, `${reached}`);
    const broken = { ...keys[0], params: { ...cheap, passes: 2 } };
    await assert.rejects(openKeys([...keys.slice(0, 2), broken, ...keys], {}), {
      code: 'DECRYPT_FAILED',
      message: /^backup: keys\[2\] does not open$/,
    });
  });
});

describe('a backup of ours', () => {
  test('is opened as it was sealed', async () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const given = fc.record({
      keys: fc.array(fc.record({ material: bytes(32), metadata: rustKeyMetadata }), {
        maxLength: 5,
      }),
      salt: bytes(32),
      isCompressed: fc.boolean(),
      pretty: fc.boolean(),
      comment: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
    });
    const params = RUST_FILE_COSTS;
    await fc.assert(
      fc.asyncProperty(given, async ({ keys, pretty, ...header }) => {
        const wrapping = 'XChaCha20Poly1305' as const;
        const at = sampleMetadata.createdAt;
        const wrapped = keys.map((one) => {
          const nonce = randomBytes(24);
          const inner = { wrapping, params, nonce, exportedAt: at, wrapKey: key };
          const salt = Buffer.from(header.salt);
          return sealExportV1(one, { ...inner, salt, comment: undefined });
        });
        const inside: BackupContents = { keys: wrapped, vaultCreatedAt: at };
        const outer = { ...header, key, params, nonce: randomBytes(24), createdAt: at };
        const text = formatBackupV1(await sealBackupV1(inside, outer), pretty);
        const found = parseBackupV1(text);
        assert.deepEqual(await openBackupV1(found, key), inside);
        assert.equal(found.comment, header.comment);
        assert.equal(found.keyCount, keys.length);
        assert.equal(formatBackupV1(found, pretty), text);
      }),
      { numRuns: 50 },
    );
  });

  test('opens with its password', async () => {
    const one = { material: randomBytes(32), metadata: sampleMetadata };
    const steps: number[] = [];
    const source = await writeBackupV1([one], password, {
      comment: 'ours',
      now: 1_800_000_000_001,
      pretty: false,
      compress: false,
      onProgress: (done) => steps.push(done),
    });
    const found = await readBackupV1(source, password);
    assert.deepEqual(found.keys[0]?.material, one.material);
    assert.deepEqual(found.keys[0]?.metadata, one.metadata);
    assert.equal(found.keys[0]?.comment, undefined);
    assert.deepEqual(found.vaultCreatedAt, { ms: 1_800_000_000_001, ns: 0 });
    assert.deepEqual(found.header, {
      createdAt: { ms: 1_800_000_000_001, ns: 0 },
      keyCount: 1,
      isCompressed: false,
      hasAuditLogs: false,
      comment: 'ours',
    });
    assert.deepEqual(steps, [1]);
  });

  test('is refused when it would be larger than what is read', async () => {
    const [one] = contents.keys;
    assert.ok(one);
    const comment = 'x'.repeat(2 ** 20);
    const keys = Array.from({ length: 33 }, () => ({ ...one, comment }));
    const header = { ...original, key, nonce: randomBytes(24) };
    await assert.rejects(sealBackupV1({ ...contents, keys }, header), { name: 'RangeError' });
  });

  test('ends with the signal, and is not begun for what could not be read', async () => {
    const one = { material: randomBytes(32), metadata: sampleMetadata };
    const wrong = { name: 'RangeError', code: 'ARGUMENT_INVALID' };
    await assert.rejects(writeBackupV1([one, { ...one, material: noAad }], password), wrong);
    await assert.rejects(writeBackupV1([one], password, { now: Number.NaN }), wrong);
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(writeBackupV1([one], password, { signal }), /enough/);
    await assert.rejects(readBackupV1(file, password, { signal }), /enough/);
  });
});
