import assert from 'node:assert/strict';
import { argon2Sync, createHmac, createSecretKey, diffieHellman, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { openAead, sealAead } from '../src/vault/crypto/aead.ts';
import { argon2id } from '../src/vault/crypto/argon2.ts';
import { hkdf } from '../src/vault/crypto/derive.ts';
import { transcript } from '../src/vault/crypto/transcript.ts';
import { type AeadAlgorithm, NONCE_BYTES } from '../src/vault/keys/algorithm.ts';
import { newRecipientKeys, sendingKey } from '../src/vault/slots/recipient.ts';
import { privateKeyOf, publicKeyOf } from '../src/vault/use/curves.ts';
import { Vault } from '../src/vault.ts';
import { bytesOf, x25519 } from './vault/montgomery.ts';

// Published vectors and the classes of input by which implementations were found wrong, through the
// functions that a vault uses. More published ones stand beside the code, in src/vault/crypto.

const hex = (text: string) => Buffer.from(text, 'hex');
const none = new Uint8Array(0);
const wrongArgument = { name: 'RangeError', code: 'ARGUMENT_INVALID' };

function vectors<T>(name: string): T {
  const file = join(import.meta.dirname, 'vault', 'vectors', `${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

let vault: Vault;
before(async () => {
  vault = await Vault.open({ ephemeral: true, name: 'vectors' });
});
after(() => vault.close());

const ORACLES = {
  Aes256Gcm: gcm,
  ChaCha20Poly1305: chacha20poly1305,
  XChaCha20Poly1305: xchacha20poly1305,
} as const;
const AEADS = Object.keys(ORACLES) as AeadAlgorithm[];

describe('authenticated encryption', () => {
  interface AeadVector {
    readonly source: string;
    readonly algorithm: AeadAlgorithm;
    readonly key: string;
    readonly nonce: string;
    readonly aad: string;
    readonly plaintext: string;
    readonly sealed: string;
  }
  for (const { source, algorithm, key, ...fields } of vectors<AeadVector[]>('aead')) {
    test(`${algorithm} is that of ${source}`, () => {
      const [nonce, aad, plaintext] = [hex(fields.nonce), hex(fields.aad), hex(fields.plaintext)];
      const sealed = hex(fields.sealed);
      assert.deepEqual(sealAead(algorithm, hex(key), { nonce, aad, plaintext }), sealed);
      assert.deepEqual(openAead(algorithm, hex(key), { nonce, aad, sealed }), plaintext);
    });
  }

  for (const algorithm of AEADS) {
    const key = randomBytes(32);
    const nonce = randomBytes(NONCE_BYTES[algorithm]);
    const oracle = (aad: Uint8Array) => ORACLES[algorithm](key, nonce, aad);

    test(`${algorithm} is right at every length around its blocks, of text and of what is bound to it`, () => {
      for (let length = 0; length <= 130; length += 1) {
        for (const aad of [none, randomBytes(length), randomBytes(16)]) {
          const plaintext = randomBytes(length);
          const sealed = sealAead(algorithm, key, { nonce, aad, plaintext });
          assert.deepEqual(new Uint8Array(sealed), oracle(aad).encrypt(plaintext));
          assert.deepEqual(openAead(algorithm, key, { nonce, aad, sealed }), plaintext);
        }
      }
    });

    test(`${algorithm} is right where the limbs of its authenticator are full, or empty`, () => {
      const stream = sealAead(algorithm, key, { nonce, aad: none, plaintext: Buffer.alloc(256) });
      for (const byte of [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff]) {
        for (const length of [16, 32, 48, 64, 240, 256]) {
          // So that the ciphertext is of that byte alone.
          const plaintext = Buffer.from(stream.subarray(0, length).map((one) => one ^ byte));
          const aad = Buffer.alloc(length, byte);
          const sealed = sealAead(algorithm, key, { nonce, aad, plaintext });
          assert.ok(sealed.subarray(0, length).every((one) => one === byte));
          assert.deepEqual(new Uint8Array(sealed), oracle(aad).encrypt(plaintext));
        }
      }
    });

    test(`${algorithm} takes no other tag: bits, words, ends, constants`, () => {
      for (const plaintext of [none, Buffer.from('text'), Buffer.alloc(64)]) {
        const aad = Buffer.from('bound');
        const sealed = sealAead(algorithm, key, { nonce, aad, plaintext });
        const body = sealed.subarray(0, plaintext.length);
        const tag = sealed.subarray(plaintext.length);
        const flip = (...bits: number[]) => {
          const other = Buffer.from(tag);
          for (const bit of bits) other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          return other;
        };
        const others = [
          ...Array.from({ length: 128 }, (_, bit) => flip(bit)),
          ...[flip(0, 64), flip(31, 63, 95, 127), flip(0, 1, 2, 3, 4, 5, 6, 7)],
          ...[0x00, 0xff, 0x80, 0x7f].map((byte) => Buffer.alloc(16, byte)),
          ...[0xff, 0x80, 0x01].map((byte) => Buffer.from(tag.map((one) => one ^ byte))),
          Buffer.from(tag).reverse(),
          Buffer.concat([tag.subarray(8), tag.subarray(0, 8)]),
          ...Array.from({ length: 16 }, (_, length) => tag.subarray(0, length)),
          ...[Buffer.concat([tag, Buffer.alloc(1)]), Buffer.concat([tag, tag])],
        ];
        for (const other of others) {
          const changed = Buffer.concat([body, other]);
          assert.throws(() => openAead(algorithm, key, { nonce, aad, sealed: changed }), {
            code: 'DECRYPT_FAILED',
          });
        }
        assert.deepEqual(openAead(algorithm, key, { nonce, aad, sealed }), Buffer.from(plaintext));
      }
    });

    test(`${algorithm} takes a nonce of one length only`, () => {
      for (let length = 0; length <= 64; length += 1) {
        if (length === NONCE_BYTES[algorithm]) continue;
        const wrong = { nonce: Buffer.alloc(length), aad: none };
        const seal = () => sealAead(algorithm, key, { ...wrong, plaintext: none });
        const open = () => openAead(algorithm, key, { ...wrong, sealed: Buffer.alloc(16) });
        for (const call of [seal, open]) assert.throws(call, wrongArgument);
      }
    });

    test(`${algorithm} of a vault carries nothing, one byte, and megabytes`, async () => {
      const { id } = await vault.create({ algorithm });
      for (const length of [0, 1, 15, 16, 17, 65_535, 65_536, 5_000_000]) {
        const plaintext = randomBytes(length);
        const aad = randomBytes(Math.min(length, 100_000));
        const ciphertext = await vault.encrypt(id, plaintext, { aad });
        assert.ok(plaintext.equals(await vault.decrypt(ciphertext, { aad })));
        // No part of the text may pass for what is bound to it.
        const shifted = vault.decrypt(ciphertext, { aad: Buffer.concat([aad, Buffer.of(0)]) });
        await assert.rejects(shifted, { code: 'DECRYPT_FAILED' });
      }
    });
  }
});

/** The order of the group of Ed25519 (RFC 8032, 5.1). */
const L = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
const P = 2n ** 255n - 19n;
const littleEndian = (bytes: Uint8Array) =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

describe('Ed25519', () => {
  interface SignatureVector {
    readonly source: string;
    readonly seed: string;
    readonly publicKey: string;
    readonly message: string;
    readonly signature: string;
  }
  const all = vectors<SignatureVector[]>('ed25519');
  const keyOf = async (seed: string) =>
    (await vault.create({ algorithm: 'Ed25519', material: hex(seed) })).id;

  for (const { source, seed, message, ...expected } of all) {
    test(`signs as ${source} (${message.length / 2} bytes)`, async () => {
      const id = await keyOf(seed);
      assert.equal((await vault.publicKey(id)).toString('hex'), expected.publicKey);
      const signed = await vault.sign(id, hex(message));
      assert.equal(Buffer.from(signed.signature).toString('hex'), expected.signature);
      assert.ok(await vault.verify(signed, hex(message)));
    });
  }

  const [first] = all;

  test('verifies no signature whose second half is not reduced, or half of which is a special number', async () => {
    const keyId = await keyOf(first?.seed ?? '');
    const message = Buffer.from('text');
    const { signature } = await vault.sign(keyId, message);
    const r = Buffer.from(signature.subarray(0, 32));
    const s = littleEndian(signature.subarray(32));
    const forged: Buffer[] = [];
    for (let times = 1n; s + times * L < 2n ** 256n; times += 1n) {
      forged.push(Buffer.concat([r, bytesOf(s + times * L)]));
    }
    assert.equal(forged.length, 15);
    const special = [0n, 1n, 2n, L - 1n, L, L + 1n, P - 1n, P, P + 1n, 2n ** 255n, 2n ** 256n - 1n];
    for (const one of special) {
      forged.push(Buffer.concat([r, bytesOf(one)]), Buffer.concat([bytesOf(one), bytesOf(s)]));
      for (const other of special) forged.push(Buffer.concat([bytesOf(one), bytesOf(other)]));
    }
    for (const other of forged) {
      assert.equal(await vault.verify({ keyId, signature: other }, message), false);
    }
    assert.ok(await vault.verify({ keyId, signature }, message));
  });

  test('verifies no signature with a bit turned, of another length, or of another message', async () => {
    const keyId = await keyOf(first?.seed ?? '');
    for (const message of [none, Buffer.from('text'), Buffer.alloc(1_000_000, 7)]) {
      const { signature } = await vault.sign(keyId, message);
      assert.ok(await vault.verify({ keyId, signature }, message));
      if (message.length > 100) continue;
      const others: Uint8Array[] = [
        ...Array.from({ length: signature.length }, (_, length) => signature.subarray(0, length)),
        Buffer.concat([signature, Buffer.of(0)]),
        Buffer.concat([signature, signature]),
        Buffer.concat([signature.subarray(32), signature.subarray(0, 32)]),
        Buffer.from(signature).reverse(),
      ];
      for (let bit = 0; bit < 512; bit += 1) {
        const other = Buffer.from(signature);
        other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        others.push(other);
      }
      for (const other of others) {
        assert.equal(await vault.verify({ keyId, signature: other }, message), false);
      }
      const longer = Buffer.concat([message, Buffer.of(0)]);
      assert.equal(await vault.verify({ keyId, signature }, longer), false);
    }
  });
});

describe('X25519', () => {
  interface AgreementVectors {
    readonly valid: readonly {
      readonly source: string;
      readonly scalar: string;
      readonly publicKey: string;
      readonly shared: string;
    }[];
    readonly iterated: { readonly after1: string; readonly after1000: string };
    readonly lowOrder: readonly string[];
  }
  const { valid, iterated, lowOrder } = vectors<AgreementVectors>('x25519');
  const scalar = hex(valid[0]?.scalar ?? '');

  /** What a vault makes of a secret that two sides share. */
  function agreed(shared: Uint8Array, own: Uint8Array, peer: Uint8Array): Buffer {
    const both = [Buffer.from(own), Buffer.from(peer)].toSorted((a, b) => a.compare(b));
    const info = transcript('holdfast agree', 1, ...both, none);
    return hkdf('sha256', { key: shared, salt: none, info });
  }

  async function assertAgrees(
    material: Uint8Array,
    peer: Uint8Array,
    shared: Uint8Array,
  ): Promise<void> {
    const { id } = await vault.create({ algorithm: 'X25519', material });
    const own = await vault.publicKey(id);
    assert.deepEqual(own, x25519(material, bytesOf(9n)));
    using secret = await vault.agree(id, peer);
    assert.deepEqual(Buffer.from(secret.expose()), agreed(shared, own, peer));
  }

  for (const { source, publicKey, shared, ...one } of valid) {
    test(`agrees as ${source}`, async () => {
      assert.equal(x25519(hex(one.scalar), hex(publicKey)).toString('hex'), shared);
      await assertAgrees(hex(one.scalar), hex(publicKey), hex(shared));
    });
  }

  test('comes to what RFC 7748 does after a thousand turns', () => {
    let [k, u] = [bytesOf(9n), bytesOf(9n)];
    for (let turn = 1; turn <= 1000; turn += 1) {
      const privateKey = privateKeyOf('X25519', createSecretKey(k));
      const publicKey = publicKeyOf('X25519', u);
      [k, u] = [diffieHellman({ privateKey, publicKey }), k];
      if (turn === 1) assert.equal(k.toString('hex'), iterated.after1);
    }
    assert.equal(k.toString('hex'), iterated.after1000);
  });

  test('agrees with nobody whose key has a small order, and lets nobody in by it', async () => {
    const { id } = await vault.create({ algorithm: 'X25519', material: scalar });
    for (const text of lowOrder) {
      const [low, high] = [hex(text), hex(text)];
      // The highest bit is no part of a coordinate.
      high[31] = (high[31] ?? 0) | 0x80;
      for (const peer of [low, high]) {
        assert.deepEqual(x25519(scalar, peer), Buffer.alloc(32));
        await assert.rejects(vault.agree(id, peer), wrongArgument);
        assert.throws(() => sendingKey(peer), wrongArgument);
      }
    }
  });

  test('is right for keys that are not reduced, for the twist and for the edges of scalars', async () => {
    const edges = [
      2n,
      3n,
      4n,
      P + 2n,
      P + 3n,
      P + 17n,
      P - 2n,
      P - 3n,
      2n ** 254n,
      2n ** 255n - 1n,
    ];
    const peers = edges.flatMap((one) => [bytesOf(one), bytesOf(one | (1n << 255n))]);
    const scalars = [
      ...[Buffer.alloc(32), Buffer.alloc(32, 0xff), scalar, bytesOf(1n), bytesOf(2n ** 254n)],
    ];
    for (const [index, peer] of peers.entries()) {
      const material = scalars[index % scalars.length] ?? scalar;
      await assertAgrees(material, peer, x25519(material, peer));
    }
  });

  test('takes keys of 32 bytes', async () => {
    const { id } = await vault.create({ algorithm: 'X25519' });
    for (const length of [0, 1, 31, 33, 56, 64]) {
      await assert.rejects(vault.agree(id, Buffer.alloc(length, 9)), wrongArgument);
      assert.throws(() => publicKeyOf('X25519', Buffer.alloc(length, 9)), wrongArgument);
    }
    assert.equal(newRecipientKeys().publicKey.length, 32);
  });
});

/** HKDF as RFC 5869, 2 writes it down. */
function plainHkdf(
  hash: 'sha256' | 'sha512',
  input: { key: Uint8Array; salt: Uint8Array; info: Uint8Array; lengthBytes: number },
): Buffer {
  const zeros = Buffer.alloc(hash === 'sha256' ? 32 : 64);
  const salt = input.salt.length > 0 ? input.salt : zeros;
  const extracted = createHmac(hash, salt).update(input.key).digest();
  const blocks: Buffer[] = [];
  for (let count = 1; Buffer.concat(blocks).length < input.lengthBytes; count += 1) {
    const text = Buffer.concat([blocks.at(-1) ?? none, input.info, Buffer.of(count)]);
    blocks.push(createHmac(hash, extracted).update(text).digest());
  }
  return Buffer.concat(blocks).subarray(0, input.lengthBytes);
}

describe('HKDF', () => {
  for (const [hash, hashBytes] of [
    ['sha256', 32],
    ['sha512', 64],
  ] as const) {
    test(`with ${hash} is RFC 5869’s, of nothing and of much, to its greatest length`, () => {
      for (const size of [0, 1, hashBytes - 1, hashBytes, 64, 128, 200, 1024]) {
        for (const lengthBytes of [1, hashBytes - 1, hashBytes, hashBytes + 1, 255 * hashBytes]) {
          const input = {
            ...{ key: Buffer.alloc(size, 1), salt: Buffer.alloc(size, 2), lengthBytes },
            info: Buffer.alloc(size, 3),
          };
          assert.deepEqual(hkdf(hash, input), plainHkdf(hash, input));
        }
      }
      const tooLong = { key: none, salt: none, info: none, lengthBytes: 255 * hashBytes + 1 };
      assert.throws(() => hkdf(hash, tooLong), { name: 'RangeError' });
    });
  }

  test('with sha512 gives RFC 5869’s first input its published output', () => {
    const input = {
      ...{ key: Buffer.alloc(22, 0x0b), salt: hex('000102030405060708090a0b0c') },
      ...{ info: hex('f0f1f2f3f4f5f6f7f8f9'), lengthBytes: 42 },
    };
    assert.equal(
      hkdf('sha512', input).toString('hex'),
      '832390086cda71fb47625bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb',
    );
  });

  test('of a vault’s key gives 1 to 8,160 bytes, and each purpose others', async () => {
    const { id } = await vault.create();
    for (const lengthBytes of [1, 31, 32, 33, 8160]) {
      using secret = await vault.derive(id, { lengthBytes });
      assert.equal(secret.sizeBytes, lengthBytes);
    }
    for (const lengthBytes of [0, -1, 1.5, 8161, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(vault.derive(id, { lengthBytes }), wrongArgument);
    }
    await assert.rejects(vault.derive(id, { info: Buffer.alloc(1025) }), wrongArgument);
    const made = new Set<string>();
    const purposes = ['', 'a', 'b', 'ab', 'a\0', '\0a'].map((text) => Buffer.from(text));
    for (const info of purposes) {
      for (const salt of purposes) {
        using secret = await vault.derive(id, { info, salt });
        made.add(Buffer.from(secret.expose()).toString('hex'));
      }
    }
    // HMAC fills a short key up with zeros: a salt with a zero at its end is the one without.
    assert.equal(made.size, purposes.length * (purposes.length - 1));
  });
});

describe('Argon2id', () => {
  interface ArgonVectors {
    readonly reference: readonly {
      readonly source: string;
      readonly memoryKib: number;
      readonly passes: number;
      readonly parallelism: number;
      readonly password: string;
      readonly salt: string;
      readonly tag: string;
    }[];
  }
  const beneath = (
    message: Uint8Array,
    nonce: Uint8Array,
    costs: { memoryKib: number; passes: number; parallelism: number },
  ) => {
    const { memoryKib: memory, passes, parallelism } = costs;
    const input = { message, nonce, memory, passes, parallelism, tagLength: 32 };
    return argon2Sync('argon2id', input);
  };

  // The reference has salts of 8 bytes, which we do not take.
  for (const { source, password, salt, tag, ...costs } of vectors<ArgonVectors>('argon2id')
    .reference) {
    const { memoryKib, passes, parallelism } = costs;
    test(`beneath ours is that of ${source}: ${memoryKib}/${passes}/${parallelism}`, async () => {
      const found = beneath(Buffer.from(password), Buffer.from(salt), costs);
      assert.equal(found.toString('hex'), tag);
      await assert.rejects(argon2id(Buffer.from(password), Buffer.from(salt), costs), {
        code: 'KDF_LIMITS',
      });
    });
  }

  test('is the same at each of its bounds that costs little', async () => {
    for (const [memoryKib, passes, parallelism, saltBytes, passwordBytes] of [
      ...[[8, 1, 1, 16, 0] as const, [8, 16, 1, 64, 1] as const, [128, 1, 16, 32, 64] as const],
      ...[[129, 2, 16, 17, 65] as const, [1000, 3, 7, 33, 1 << 20] as const],
    ]) {
      const costs = { memoryKib, passes, parallelism };
      const [password, salt] = [Buffer.alloc(passwordBytes, 'p'), Buffer.alloc(saltBytes, 's')];
      assert.deepEqual(await argon2id(password, salt, costs), beneath(password, salt, costs));
    }
  });
});
