import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { argon2id } from '../crypto/argon2.ts';
import type { AeadAlgorithm } from '../keys/algorithm.ts';
import { NONCE_BYTES } from '../keys/algorithm.ts';
import { cut, flipped } from './changed.fixture.ts';
import {
  formatExportV1,
  openExportV1,
  parseExportV1,
  readExportV1,
  type SealedExport,
  sealExportV1,
  writeExportV1,
} from './export-v1.ts';
import { RUST_FILE_COSTS } from './rust-kdf.ts';
import { fixture, rustKeyMetadata, sampleMetadata } from './sample.fixture.ts';

const file = fixture('export.json');
const expected = JSON.parse(fixture('expected.json').toString()).exports['export.json'];
const material = Buffer.from(expected.key, 'hex');
const original = parseExportV1(file);
const password = Buffer.from(expected.password);
/** Run once: a change of one bit elsewhere asks for the same. */
const wrapKey = await argon2id(password, original.salt, original.params);

/** The file with some of its fields changed, or left out. */
function changed(fields: Record<string, unknown>): string {
  return JSON.stringify({ ...JSON.parse(file.toString()), ...fields });
}

/** The key that opens `found`, as far as no other derivation is needed. */
function keyOf({ salt, params }: SealedExport): Uint8Array {
  const isSame =
    Buffer.compare(salt, original.salt) === 0 && isDeepStrictEqual(params, original.params);
  return isSame ? wrapKey : randomBytes(32);
}

/** What a changed file opens to; undefined when it is refused. */
function opened(source: string | Uint8Array): Buffer | undefined {
  try {
    const found = parseExportV1(source);
    return openExportV1(found, keyOf(found));
  } catch (error) {
    const { code } = error as { code?: string };
    assert.ok(['FORMAT_INVALID', 'KDF_LIMITS', 'UNLOCK_FAILED'].includes(code ?? ''), `${error}`);
    return undefined;
  }
}

describe('the export that rust-keyvault wrote', () => {
  test('opens to its key', () => {
    assert.deepEqual(openExportV1(original, wrapKey), material);
    assert.equal(original.metadata.version, expected.version);
    assert.equal(original.metadata.algorithm, expected.algorithm);
    assert.equal(original.comment, 'café "q"');
    assert.deepEqual(original.exportedAt, { ms: 1_795_218_096_719, ns: 168_493 });
    assert.deepEqual(original.params, RUST_FILE_COSTS);
  });

  test('is written again to the byte, pretty and compact', () => {
    const nonce = original.encryptedKey.subarray(0, 24);
    const key = { material, metadata: original.metadata };
    const again = sealExportV1(key, { ...original, nonce, wrapKey });
    assert.equal(formatExportV1(again, true), file.toString());
    assert.equal(formatExportV1(again, false), changed({}));
  });

  test('is the same as text, and from a view into a larger buffer', () => {
    assert.deepEqual(parseExportV1(file.toString()), original);
    const larger = Buffer.concat([Buffer.from('xx'), file, Buffer.from('xx')]);
    assert.deepEqual(parseExportV1(larger.subarray(2, -2)), original);
  });

  test('with any bit changed opens to the same key, or is refused', () => {
    let same = 0;
    let refused = 0;
    for (const other of flipped(file, () => true)) {
      const found = opened(other);
      if (found) assert.deepEqual(found, material);
      if (found) same += 1;
      else refused += 1;
    }
    // White space, the time, the metadata and the comment are in nobody's care.
    assert.ok(same > 100 && refused > 5000, `${same} ${refused}`);
  });

  test('with a bit of salt, nonce, ciphertext or tag changed is refused', () => {
    for (const name of ['salt', 'encrypted_key']) {
      const values: number[] = JSON.parse(file.toString())[name];
      for (const other of flipped(Uint8Array.from(values), () => true)) {
        assert.equal(opened(changed({ [name]: [...other] })), undefined);
      }
    }
  });

  test('with a part cut out, or something put in, opens to the same key, or is refused', () => {
    const pieces = [
      '',
      '"',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '\\',
      '0',
      '9'.repeat(30),
      '1.5',
      '-',
      'é',
    ];
    const change = fc.record({
      at: fc.nat({ max: file.length }),
      length: fc.nat({ max: 40 }),
      piece: fc.oneof(fc.constantFrom(...pieces, '"comment":1,', 'null'), fc.string()),
    });
    fc.assert(
      fc.property(change, ({ at, length, piece }) => {
        const after = file.subarray(at + length);
        const found = opened(Buffer.concat([file.subarray(0, at), Buffer.from(piece), after]));
        if (found) assert.deepEqual(found, material);
      }),
      { numRuns: 2000 },
    );
  });

  test('is refused at every length that is not its own', () => {
    for (const other of cut(file)) {
      assert.throws(() => parseExportV1(other), { code: 'FORMAT_INVALID', fault: 'truncated' });
    }
    assert.throws(() => parseExportV1(`${file}x`), { code: 'FORMAT_INVALID' });
    assert.deepEqual(parseExportV1(`\n ${file} \n`), original);
  });
});

describe('a file that is no export', () => {
  const refused: [what: string, source: string, message: RegExp][] = [
    ['another version', changed({ format_version: 2 }), /^export: format_version: /],
    ['no version', changed({ format_version: undefined }), /^export: format_version: missing$/],
    ['wrapped by a curve', changed({ wrapping_algorithm: 'X25519' }), /wrapping_algorithm: /],
    ['a short salt', changed({ salt: [1] }), /salt: not 32 bytes/],
    ['a million elements', changed({ salt: new Array(1e6).fill(0) }), /salt: not 32 bytes/],
    ['a key of 61 bytes', changed({ encrypted_key: new Array(61).fill(0) }), /encrypted_key: /],
    ['the other nonce', changed({ encrypted_key: new Array(60).fill(0) }), /encrypted_key: /],
    ['a comment of 1 MiB and a byte', changed({ comment: 'x'.repeat(2 ** 20 + 1) }), /comment: /],
    ['half a character', changed({ comment: '\ud800' }), /comment: /],
    ['a field twice', file.toString().replace('"salt"', '"salt":[],"salt"'), /salt/],
    ['a hidden field twice', changed({}).replace('{', '{"x":{"y":1,"y":2},'), /twice/],
    ['an array', `[${file}]`, /^export: not an object$/],
    ['nothing', '', /^export: ends in the middle$/],
    ['lone surrogates', '"\ud800"', /^export: not well-formed Unicode$/],
  ];
  for (const [what, source, message] of refused) {
    test(`is refused: ${what}`, () => {
      assert.throws(() => parseExportV1(source), { code: 'FORMAT_INVALID', message });
    });
  }

  for (const params of [
    { memory_kib: 4_294_967_295, time_cost: 1, parallelism: 1 },
    { memory_kib: 65_536, time_cost: 4_294_967_295, parallelism: 1 },
    { memory_kib: 65_536, time_cost: 1, parallelism: 0 },
    { memory_kib: 65_536, time_cost: 1, parallelism: 4_294_967_295 },
    { memory_kib: 8, time_cost: 1, parallelism: 4 },
  ]) {
    test(`asks for too much: ${JSON.stringify(params)}`, async () => {
      const source = changed({ argon2_params: params });
      await assert.rejects(readExportV1(source, password), { code: 'KDF_LIMITS' });
    });
  }

  test('is not looked at beyond 64 MiB', () => {
    const tooLarge = { code: 'FORMAT_INVALID', message: /larger than 67108864 bytes/ };
    assert.throws(() => parseExportV1(Buffer.alloc(2 ** 26 + 1)), tooLarge);
    assert.throws(() => parseExportV1(' '.repeat(2 ** 26 + 1)), tooLarge);
    assert.throws(() => parseExportV1('ü'.repeat(2 ** 25 + 1)), tooLarge);
  });
});

describe('an export of ours', () => {
  const wrapping = fc.constantFrom<AeadAlgorithm>(
    'XChaCha20Poly1305',
    'ChaCha20Poly1305',
    'Aes256Gcm',
  );
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

  test('opens to what went in, and to the same text', () => {
    const given = fc.record({
      wrapping,
      material: bytes(32),
      salt: bytes(32),
      key: bytes(32),
      metadata: rustKeyMetadata,
      comment: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
      pretty: fc.boolean(),
    });
    fc.assert(
      fc.property(given, ({ key, pretty, ...rest }) => {
        const nonce = randomBytes(NONCE_BYTES[rest.wrapping]);
        const exportedAt = rest.metadata.createdAt;
        const params = RUST_FILE_COSTS;
        const header = { ...rest, params, nonce, exportedAt, wrapKey: key };
        const text = formatExportV1(sealExportV1(rest, header), pretty);
        const found = parseExportV1(text);
        assert.deepEqual(new Uint8Array(openExportV1(found, key)), rest.material);
        assert.deepEqual(found.metadata, rest.metadata);
        assert.equal(found.comment, rest.comment);
        assert.deepEqual(found.exportedAt, exportedAt);
        assert.equal(formatExportV1(found, pretty), text);
      }),
    );
  });

  test('opens with its password and no other', async () => {
    const key = { material, metadata: sampleMetadata };
    const now = 1_800_000_000_001;
    const source = await writeExportV1(key, password, { comment: 'ours', now });
    assert.deepEqual(await readExportV1(source, password), {
      material,
      metadata: sampleMetadata,
      comment: 'ours',
      exportedAt: { ms: now, ns: 0 },
    });
    await assert.rejects(readExportV1(source, Buffer.from('Export-password')), {
      code: 'UNLOCK_FAILED',
    });
  });

  test('is not begun for what could not be read', async () => {
    const key = { material, metadata: sampleMetadata };
    const wrong = { name: 'RangeError', code: 'ARGUMENT_INVALID' };
    await assert.rejects(writeExportV1({ ...key, material: Buffer.alloc(31) }, password), wrong);
    await assert.rejects(writeExportV1(key, password, { now: -1 }), wrong);
    await assert.rejects(writeExportV1(key, password, { comment: '\ud800' }), wrong);
    await assert.rejects(writeExportV1(key, password, { comment: 'x'.repeat(2 ** 20 + 1) }), wrong);
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(writeExportV1(key, password, { signal }), /enough/);
    await assert.rejects(readExportV1(file, password, signal), /enough/);
  });
});
