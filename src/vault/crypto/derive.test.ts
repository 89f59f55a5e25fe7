import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { hkdf } from './derive.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const range = (from: number, length: number) => Uint8Array.from({ length }, (_, i) => from + i);

describe('HKDF', () => {
  // RFC 5869, appendix A, the cases with SHA-256.
  const cases = [
    {
      name: 'basic',
      key: new Uint8Array(22).fill(0x0b),
      salt: range(0, 13),
      info: range(0xf0, 10),
      okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    },
    {
      name: 'longer inputs',
      key: range(0, 80),
      salt: range(0x60, 80),
      info: range(0xb0, 80),
      okm:
        'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c' +
        '59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71' +
        'cc30c58179ec3e87c14c01d5c1f3434f1d87',
    },
    {
      name: 'no salt, no info',
      key: new Uint8Array(22).fill(0x0b),
      salt: new Uint8Array(),
      info: new Uint8Array(),
      okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    },
  ];
  for (const { name, key, salt, info, okm } of cases) {
    test(`agrees with RFC 5869: ${name}`, () => {
      const lengthBytes = okm.length / 2;
      assert.deepEqual(hkdf('sha256', { key, salt, info, lengthBytes }), hex(okm));
      assert.deepEqual(
        hkdf('sha256', { key: createSecretKey(key), salt, info, lengthBytes }),
        hex(okm),
      );
    });
  }

  test('agrees with rust-keyvault', () => {
    const input = { key: Buffer.from('ikm'), salt: Buffer.from('salt'), info: Buffer.from('info') };
    assert.equal(
      hkdf('sha256', input).toString('hex'),
      'fe8f9615d2374c0d17f77d1aeaf408c2e75fe0466073d0def23c733e2f862dfd',
    );
    assert.equal(
      hkdf('sha512', input).toString('hex'),
      'f8666bd3fdd88840c947614272dd065c71c541b0de03ff738644dffc3facec64',
    );
  });
});
