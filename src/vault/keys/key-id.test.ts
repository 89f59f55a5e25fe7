import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  debugKeyId,
  keyIdBytes,
  keyIdOf,
  newKeyId,
  parseDebugKeyId,
  parseKeyId,
  versionId,
} from './key-id.ts';

const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe('a key id', () => {
  test('is 32 lowercase hexadecimal digits and nothing else', () => {
    const id = parseKeyId('00112233445566778899aabbccddeeff');
    assert.equal(keyIdBytes(id).length, 16);
    for (const text of [
      '',
      '00112233445566778899AABBCCDDEEFF',
      '00112233445566778899aabbccddeef',
      '00112233445566778899aabbccddeeff0',
      '00112233445566778899aabbccddeeff\n',
      '00112233445566778899aabbccddeefg',
    ]) {
      assert.throws(() => parseKeyId(text), { name: 'RangeError', code: 'ARGUMENT_INVALID' });
    }
    for (const length of [0, 15, 17]) {
      assert.throws(() => keyIdOf(new Uint8Array(length)), { name: 'RangeError' });
    }
  });

  test('is another one each time', () => {
    assert.equal(new Set(Array.from({ length: 1000 }, newKeyId)).size, 1000);
  });

  test('comes back from its bytes and from its debug form', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        const id = keyIdOf(given);
        assert.deepEqual(new Uint8Array(keyIdBytes(id)), given);
        assert.equal(parseDebugKeyId(debugKeyId(id)), id);
      }),
    );
  });

  test('is read from a view into a larger buffer', () => {
    const all = Buffer.from('ff'.repeat(4) + '01'.repeat(16) + 'ff'.repeat(4), 'hex');
    assert.equal(keyIdOf(all.subarray(4, 20)), '01'.repeat(16));
  });
});

describe('the debug form', () => {
  test('is the one that upstream names its files by', () => {
    const folder = join(import.meta.dirname, '../../../test/fixtures/keyvault/vault-encrypted');
    const names = readdirSync(folder).filter((name) => name.startsWith('KeyId'));
    assert.equal(names.length, 4);
    for (const name of names) {
      const id = parseDebugKeyId(name.slice(0, -'.json'.length));
      assert.ok(id, name);
      assert.equal(`${debugKeyId(id)}.json`, name);
    }
  });

  const one = '1, '.repeat(15);
  for (const text of [
    '',
    `KeyId([${one}256])`,
    `KeyId([${one}01])`,
    `KeyId([${one}-1])`,
    `KeyId([${one}1, 1])`,
    `KeyId([${one}])`,
    `KeyId([${one}1])\n`,
    `KeyId([${one.replaceAll(' ', '')}1])`,
  ]) {
    test(`is not ${JSON.stringify(text)}`, () => assert.equal(parseDebugKeyId(text), undefined));
  }
});

describe('the id of a version', () => {
  const base = parseKeyId('01'.repeat(16));

  test('is derived as upstream does', () => {
    assert.equal(versionId(base, 2), 'ee2b855389ad707650a6c3bd7df3af10');
    assert.equal(versionId(base, 3), 'af8372de499f5f1def1d9b079bca0f8b');
  });

  test('is refused for what does not fit 32 bits', () => {
    for (const version of [-1, 1.5, 2 ** 32, Number.NaN]) {
      assert.throws(() => versionId(base, version), { name: 'RangeError' });
    }
    assert.equal(versionId(base, 2 ** 32 - 1).length, 32);
  });
});
