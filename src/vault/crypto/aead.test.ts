import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { type AeadAlgorithm, NONCE_BYTES } from '../keys/algorithm.ts';
import { openAead, sealAead } from './aead.ts';
import { xchachaInput } from './xchacha.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const algorithms: readonly AeadAlgorithm[] = ['Aes256Gcm', 'ChaCha20Poly1305', 'XChaCha20Poly1305'];

const sunscreen = Buffer.from(
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
);
const sunscreenKey = hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
const gcmKey = hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
const gcmText = hex(
  `d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
   1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255`,
);
const gcmSealed =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
  '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662';

const vectors: readonly {
  source: string;
  algorithm: AeadAlgorithm;
  key: Buffer;
  nonce: Buffer;
  aad: Buffer;
  plaintext: Buffer;
  sealed: Buffer;
}[] = [
  {
    source: 'RFC 8439, 2.8.2',
    algorithm: 'ChaCha20Poly1305',
    key: sunscreenKey,
    nonce: hex('070000004041424344454647'),
    aad: hex('50515253c0c1c2c3c4c5c6c7'),
    plaintext: sunscreen,
    sealed: hex(
      `d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6
       3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36
       92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc
       3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691`,
    ),
  },
  {
    source: 'draft-irtf-cfrg-xchacha-03, A.3.1',
    algorithm: 'XChaCha20Poly1305',
    key: sunscreenKey,
    nonce: hex('404142434445464748494a4b4c4d4e4f5051525354555657'),
    aad: hex('50515253c0c1c2c3c4c5c6c7'),
    plaintext: sunscreen,
    sealed: hex(
      `bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb
       731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452
       2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9
       21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49`,
    ),
  },
  {
    source: 'the GCM submission to NIST, test case 13',
    algorithm: 'Aes256Gcm',
    key: Buffer.alloc(32),
    nonce: Buffer.alloc(12),
    aad: Buffer.alloc(0),
    plaintext: Buffer.alloc(0),
    sealed: hex('530f8afbc74536b9a963b4f1c4cb738b'),
  },
  {
    source: 'the GCM submission to NIST, test case 14',
    algorithm: 'Aes256Gcm',
    key: Buffer.alloc(32),
    nonce: Buffer.alloc(12),
    aad: Buffer.alloc(0),
    plaintext: Buffer.alloc(16),
    sealed: hex('cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919'),
  },
  {
    source: 'the GCM submission to NIST, test case 15',
    algorithm: 'Aes256Gcm',
    key: gcmKey,
    nonce: hex('cafebabefacedbaddecaf888'),
    aad: Buffer.alloc(0),
    plaintext: gcmText,
    sealed: hex(`${gcmSealed}898015adb094dac5d93471bdec1a502270e3cc6c`),
  },
  {
    source: 'the GCM submission to NIST, test case 16',
    algorithm: 'Aes256Gcm',
    key: gcmKey,
    nonce: hex('cafebabefacedbaddecaf888'),
    aad: hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
    plaintext: gcmText.subarray(0, -4),
    sealed: hex(`${gcmSealed}76fc6ece0f4e1768cddf8853bb2d551b`),
  },
];

for (const { source, algorithm, key, ...rest } of vectors) {
  test(`${algorithm} agrees with ${source}`, () => {
    const { nonce, aad, plaintext, sealed } = rest;
    assert.deepEqual(sealAead(algorithm, key, { nonce, aad, plaintext }), sealed);
    assert.deepEqual(openAead(algorithm, key, { nonce, aad, sealed }), plaintext);
    const keyObject = createSecretKey(key);
    assert.deepEqual(sealAead(algorithm, keyObject, { nonce, aad, plaintext }), sealed);
    assert.deepEqual(openAead(algorithm, keyObject, { nonce, aad, sealed }), plaintext);
  });
}

test('HChaCha20 agrees with draft-irtf-cfrg-xchacha-03, 2.2.1', () => {
  const key = Uint8Array.from({ length: 32 }, (_, index) => index);
  const nonce = hex('000000090000004a0000000031415927 0102030405060708');
  const input = xchachaInput(key, nonce);
  assert.equal(
    input.key.export().toString('hex'),
    '82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc',
  );
  assert.equal(Buffer.from(input.nonce).toString('hex'), '000000000102030405060708');
});

const oracle = {
  Aes256Gcm: gcm,
  ChaCha20Poly1305: chacha20poly1305,
  XChaCha20Poly1305: xchacha20poly1305,
};

function given(algorithm: AeadAlgorithm) {
  const bytes = (minLength: number, maxLength = minLength) =>
    fc.uint8Array({ minLength, maxLength });
  return fc.record({
    key: bytes(32),
    nonce: bytes(NONCE_BYTES[algorithm]),
    aad: bytes(0, 100),
    plaintext: bytes(0, 1000),
  });
}

for (const algorithm of algorithms) {
  describe(algorithm, () => {
    test('agrees with another implementation, both ways', () => {
      fc.assert(
        fc.property(given(algorithm), ({ key, nonce, aad, plaintext }) => {
          const sealed = sealAead(algorithm, key, { nonce, aad, plaintext });
          const other = oracle[algorithm](key, nonce, aad);
          assert.deepEqual(new Uint8Array(sealed), other.encrypt(plaintext));
          assert.deepEqual(
            new Uint8Array(openAead(algorithm, createSecretKey(key), { nonce, aad, sealed })),
            plaintext,
          );
        }),
      );
    });

    test('agrees with another implementation on 1 MiB', () => {
      const key = randomBytes(32);
      const nonce = randomBytes(NONCE_BYTES[algorithm]);
      const plaintext = randomBytes(1 << 20);
      const sealed = sealAead(algorithm, key, { nonce, aad: new Uint8Array(), plaintext });
      assert.ok(sealed.equals(oracle[algorithm](key, nonce).encrypt(plaintext)));
      const opened = openAead(algorithm, key, { nonce, aad: new Uint8Array(), sealed });
      assert.ok(opened.equals(plaintext));
    });

    test('opens nothing of which one bit is different, or that is cut', () => {
      const key = randomBytes(32);
      const nonce = randomBytes(NONCE_BYTES[algorithm]);
      const aad = Buffer.from('context');
      const sealed = sealAead(algorithm, key, { nonce, aad, plaintext: Buffer.from('a secret') });
      const refused = { code: 'DECRYPT_FAILED' };
      const parts = { key, nonce, aad, sealed };
      for (const [name, part] of Object.entries(parts)) {
        for (let bit = 0; bit < part.length * 8; bit += 1) {
          const flipped = Buffer.from(part);
          flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          const { key: otherKey, ...input } = { ...parts, [name]: flipped };
          assert.throws(() => openAead(algorithm, otherKey, input), refused);
        }
      }
      for (let length = 0; length < sealed.length; length += 1) {
        const cut = { nonce, aad, sealed: sealed.subarray(0, length) };
        assert.throws(() => openAead(algorithm, key, cut), refused);
      }
    });

    test('refuses keys and nonces of another length', () => {
      const aad = new Uint8Array();
      const wrong = { name: 'RangeError', code: 'ARGUMENT_INVALID' };
      const right = { key: randomBytes(32), nonce: randomBytes(NONCE_BYTES[algorithm]) };
      const others = [
        ...[0, 16, 31, 33].map((length) => ({ ...right, key: randomBytes(length) })),
        ...[0, 8, 11, 13, 16, 23, 25].map((length) => ({ ...right, nonce: randomBytes(length) })),
        { ...right, key: createSecretKey(randomBytes(16)) },
      ];
      for (const { key, nonce } of others) {
        assert.throws(() => sealAead(algorithm, key, { nonce, aad, plaintext: aad }), wrong);
        const sealed = Buffer.alloc(32);
        assert.throws(() => openAead(algorithm, key, { nonce, aad, sealed }), wrong);
      }
    });
  });
}
