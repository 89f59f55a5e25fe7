import assert from 'node:assert/strict';
import { argon2Sync } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Argon2Params, argon2id } from './argon2.ts';

const password = Buffer.from('password');
const salt = Buffer.alloc(32, 7);
const tiny: Argon2Params = { memoryKib: 8, passes: 1, parallelism: 1 };

describe('Argon2id', () => {
  const vectors: [name: string, params: Argon2Params, key: string][] = [
    [
      'balanced',
      { memoryKib: 19_456, passes: 3, parallelism: 4 },
      '10739f2bc6e5c3a231f7b466447534da087fc959c335e8e979a6c0f1c69f6535',
    ],
    [
      'high security',
      { memoryKib: 65_536, passes: 4, parallelism: 4 },
      'fc6658d80dd632152810d94318433b2b7596eb8f1302f9107c76bda3617c084c',
    ],
    [
      'fast',
      { memoryKib: 8192, passes: 1, parallelism: 1 },
      '2a876ce24bfae04d210b051cd41ab7d88d030100a830c778ac423f1adc9e3284',
    ],
  ];
  for (const [name, params, key] of vectors) {
    test(`agrees with rust-keyvault's preset: ${name}`, async () => {
      assert.equal((await argon2id(password, salt, params)).toString('hex'), key);
    });
  }

  test('is the one of RFC 9106, section 5.3, underneath', () => {
    const tag = argon2Sync('argon2id', {
      message: Buffer.alloc(32, 1),
      nonce: Buffer.alloc(16, 2),
      secret: Buffer.alloc(8, 3),
      associatedData: Buffer.alloc(12, 4),
      memory: 32,
      passes: 3,
      parallelism: 4,
      tagLength: 32,
    });
    assert.equal(
      tag.toString('hex'),
      '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659',
    );
  });

  test('takes the empty password, and any bytes', async () => {
    const keys = await Promise.all(
      [Buffer.alloc(0), Buffer.alloc(1), Buffer.from([0xff, 0xfe]), Buffer.alloc(1 << 20, 'x')].map(
        (given) => argon2id(given, salt, tiny),
      ),
    );
    assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 4);
  });

  test('has copied the password when it returns', async () => {
    const given = Buffer.from('password');
    const before = await argon2id(given, salt, tiny);
    const runs = Array.from({ length: 4 }, () => argon2id(given, salt, tiny));
    given.fill(0);
    for (const key of await Promise.all(runs)) assert.deepEqual(key, before);
  });

  const refused: [what: string, params: Partial<Argon2Params>][] = [
    ['4 TiB of memory', { memoryKib: 0xffff_ffff }],
    ['a bit more than 1 GiB', { memoryKib: 1_048_577 }],
    ['too little memory', { memoryKib: 7 }],
    ['less than 8 KiB a lane', { memoryKib: 31, parallelism: 4 }],
    ['2^32 - 1 passes', { passes: 0xffff_ffff }],
    ['17 passes', { passes: 17 }],
    ['no pass', { passes: 0 }],
    ['no lane', { parallelism: 0 }],
    ['17 lanes', { parallelism: 17, memoryKib: 1024 }],
    ['half a pass', { passes: 1.5 }],
    ['no number', { memoryKib: Number.NaN }],
  ];
  for (const [what, params] of refused) {
    test(`is not run for ${what}`, async () => {
      await assert.rejects(argon2id(password, salt, { ...tiny, ...params }), {
        code: 'KDF_LIMITS',
        message: /^Argon2id was not run: /,
      });
    });
  }

  test('takes no text for a password, which could not be wiped', async () => {
    const text: unknown = 'password';
    await assert.rejects(argon2id(text as Uint8Array, salt, tiny), { name: 'TypeError' });
  });

  test('is not run with a salt that is too short or too long', async () => {
    for (const length of [0, 15, 65]) {
      await assert.rejects(argon2id(password, Buffer.alloc(length), tiny), { code: 'KDF_LIMITS' });
    }
    for (const length of [16, 64]) {
      assert.equal((await argon2id(password, Buffer.alloc(length), tiny)).length, 32);
    }
  });

  test('a wait ends with the signal, and the others go on', async () => {
    const abort = new AbortController();
    const params = { memoryKib: 8192, passes: 1, parallelism: 1 };
    const first = [argon2id(password, salt, params), argon2id(password, salt, params)];
    const given = argon2id(password, salt, params, abort.signal);
    const last = argon2id(password, salt, params);
    abort.abort(new Error('enough'));
    await assert.rejects(given, /enough/);
    assert.deepEqual(await last, await first[0]);
  });
});
