import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { jsonText } from './json-text.ts';
import { readJson } from './rust-json.ts';
import {
  checkMetadata,
  keyMetadata,
  keyMetadataJson,
  type RustKeyMetadata,
} from './rust-metadata.ts';
import { checkTime, time, timeJson } from './rust-time.ts';
import { rustKeyMetadata, sampleMetadata } from './sample.fixture.ts';

function reread(metadata: RustKeyMetadata): RustKeyMetadata {
  return readJson('metadata', jsonText(keyMetadataJson(metadata), false), keyMetadata);
}

/** The metadata of a file with one field changed, or left out. */
function changed(fields: Record<string, unknown>): string {
  const json = JSON.parse(jsonText(keyMetadataJson(sampleMetadata), false).toString());
  return JSON.stringify({ ...json, ...fields });
}

const read = (text: string) => readJson('file', text, keyMetadata);

describe('metadata', () => {
  test('comes back as it was, to the nanosecond', () => {
    fc.assert(fc.property(rustKeyMetadata, (given) => assert.deepEqual(reread(given), given)));
  });

  test('may have fields that nobody knows, in any order, and no time of expiry', () => {
    const entries = Object.entries(JSON.parse(changed({ expires_at: undefined, more: [{}] })));
    const found = read(JSON.stringify(Object.fromEntries(entries.reverse())));
    assert.deepEqual(found, { ...sampleMetadata, expiresAt: undefined });
    assert.deepEqual(read(changed({ expires_at: null })).expiresAt, undefined);
  });

  for (const name of ['id', 'base_id', 'state', 'created_at', 'algorithm', 'version']) {
    test(`must have ${name}`, () => {
      assert.throws(() => read(changed({ [name]: undefined })), {
        code: 'FORMAT_INVALID',
        message: `file: ${name}: missing`,
      });
      assert.throws(() => read(changed({ [name]: null })), { message: new RegExp(`: ${name}: `) });
    });
  }

  const refused: [place: string, fields: Record<string, unknown>][] = [
    ['id', { id: new Array(15).fill(1) }],
    ['id', { id: new Array(17).fill(1) }],
    ['base_id[3]', { base_id: [1, 2, 3, 256].concat(new Array(12).fill(1)) }],
    ['state', { state: 'active' }],
    ['state', { state: { Active: null } }],
    ['algorithm', { algorithm: 'HmacSha256' }],
    ['algorithm', { algorithm: 'X'.repeat(100) }],
    ['version', { version: 2 ** 32 }],
    ['version', { version: -1 }],
    ['version', { version: 1.5 }],
    [
      'created_at.nanos_since_epoch',
      { created_at: { secs_since_epoch: 1, nanos_since_epoch: 1e9 } },
    ],
    ['created_at.secs_since_epoch', { created_at: { secs_since_epoch: -1, nanos_since_epoch: 0 } }],
    [
      'expires_at.secs_since_epoch',
      { expires_at: { secs_since_epoch: 1e20, nanos_since_epoch: 0 } },
    ],
    ['expires_at.nanos_since_epoch', { expires_at: { secs_since_epoch: 1 } }],
  ];
  for (const [place, fields] of refused) {
    test(`is refused for ${JSON.stringify(fields)}`, () => {
      assert.throws(() => read(changed(fields)), { code: 'FORMAT_INVALID', place });
    });
  }

  test('that could not be read again is not written', () => {
    checkMetadata(sampleMetadata);
    for (const fields of [
      { id: 'x' },
      { baseId: '0' },
      { version: -1 },
      { version: 1.5 },
      { state: 'Gone' },
      { algorithm: 'HmacSha256' },
      { createdAt: { ms: -1, ns: 0 } },
      { createdAt: { ms: 1.5, ns: 0 } },
      { expiresAt: { ms: 1, ns: 1e6 } },
    ]) {
      const metadata = { ...sampleMetadata, ...fields } as RustKeyMetadata;
      assert.throws(() => checkMetadata(metadata), { name: 'RangeError' });
    }
  });
});

test('a time that may be written can be read', () => {
  for (const given of [
    { ms: 0, ns: 0 },
    { ms: 8_640_000_000_000_999, ns: 999_999 },
    { ms: 1, ns: 1 },
  ]) {
    checkTime('time', given);
    assert.deepEqual(readJson('time', jsonText(timeJson(given), true), time), given);
  }
  assert.throws(() => checkTime('time', { ms: 8_640_000_000_001_000, ns: 0 }), RangeError);
});
