import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Vault } from '../src/vault.ts';
import { derivationsOf } from './vault/derivations.ts';
import { directoryOf } from './vault/file-vault.ts';

/** As little as there is: what is tested here is not Argon2. */
const argon2 = { memoryKib: 8, passes: 1, parallelism: 1 };
const MIB = 1024 * 1024;
const text = (value: string) => Buffer.from(value);

const open = (dir: string, password: Uint8Array) =>
  Vault.open({ dir, unlock: { password, argon2 }, durability: 'process' });

/** Each with others that look the same, or that a careless reader takes for the same. */
const passwords: Readonly<Record<string, readonly [password: Buffer, ...others: Buffer[]]>> = {
  'in composed letters': [text('caf\u00e9'), text('cafe\u0301'), text('cafe')],
  'in letters and marks': [text('e\u0301'), text('\u00e9')],
  'of a ligature': [text('\ufb01sh'), text('fish')],
  'of a Kelvin sign': [text('\u212a'), text('K'), text('k')],
  'of bytes that are no text': [
    Buffer.from([0xff, 0xfe, 0x80]),
    Buffer.from([0xff, 0xfe, 0x81]),
    text('\ufffd\ufffd\ufffd'),
  ],
  'of a surrogate in three bytes': [Buffer.from([0xed, 0xa0, 0x80]), text('\ufffd')],
  'of an overlong letter': [Buffer.from([0xc1, 0x81]), text('A')],
  'with a zero in it': [text('pass\0word'), text('pass'), text('pass\0'), text('pass\0wore')],
  'of a zero': [Buffer.alloc(1), Buffer.alloc(2)],
  'with a mark before it': [text('\ufeffword'), text('word')],
  'with white space': [
    text(' word\n'),
    text('word'),
    text(' word'),
    text('word\n'),
    text(' word\r\n'),
  ],
  'of one megabyte': [
    Buffer.alloc(MIB, 'x'),
    Buffer.alloc(MIB - 1, 'x'),
    Buffer.concat([Buffer.alloc(MIB - 1, 'x'), text('y')]),
    Buffer.concat([text('y'), Buffer.alloc(MIB - 1, 'x')]),
  ],
};

describe('a password', () => {
  for (const [what, [password, ...others]] of Object.entries(passwords)) {
    test(`${what} opens a vault, an export and a backup, and nothing like it does`, async (t) => {
      const dir = directoryOf(t);
      const vault = await open(dir, password);
      const { id } = await vault.create();
      const [key, all] = [
        await vault.exportKey(id, password, { argon2 }),
        await vault.backup(password, { argon2 }),
      ];
      await vault.close();
      for (const other of others) {
        await assert.rejects(open(dir, other), { code: 'UNLOCK_FAILED' });
      }
      const again = await open(dir, password);
      t.after(() => again.close());
      for (const other of others) {
        await assert.rejects(again.importKey(key, other), { code: 'UNLOCK_FAILED' });
        await assert.rejects(again.restore(all, other), { code: 'UNLOCK_FAILED' });
      }
      assert.equal((await again.importKey(key, password)).id, id);
      assert.deepEqual((await again.restore(all, password)).unchanged, [id]);
      assert.deepEqual(password, passwords[what]?.[0], 'it is the caller’s, as it was');
    });
  }

  test('of nothing, or of more than a megabyte, is none: not to make, and not to try', async (t) => {
    const wrong = { name: 'RangeError', code: 'ARGUMENT_INVALID' };
    for (const bad of [Buffer.alloc(0), Buffer.alloc(MIB + 1, 'x')]) {
      const dir = directoryOf(t);
      await assert.rejects(open(dir, bad), wrong);
      // It has left nothing behind that stands in the way of a good one.
      const vault = await open(dir, text('good'));
      const { id } = await vault.create();
      await assert.rejects(vault.slots.replace({ password: bad, argon2 }), wrong);
      await assert.rejects(vault.slots.add({ password: bad, argon2 }), wrong);
      await assert.rejects(vault.exportKey(id, bad, { argon2 }), wrong);
      await assert.rejects(vault.backup(bad, { argon2 }), wrong);
      await vault.close();
      const derivations = await derivationsOf(() =>
        assert.rejects(open(dir, bad), { code: 'UNLOCK_FAILED' }),
      );
      assert.equal(derivations, 0);
      await (await open(dir, text('good'))).close();
    }
  });

  test('that is text is refused, and not shown: nobody makes a vault with it', async (t) => {
    const no = 'canary' as unknown as Uint8Array;
    await assert.rejects(open(directoryOf(t), no), { name: 'TypeError' });
    const dir = directoryOf(t);
    await using vault = await open(dir, text('good'));
    const { id } = await vault.create();
    const file = await vault.backup(text('good'), { argon2 });
    for (const call of [
      () => Vault.open({ dir, unlock: { password: no } }),
      () => vault.slots.add({ password: no, argon2 }),
      () => vault.slots.add({ publicKey: 'canary'.padEnd(32) as never }),
      () => vault.slots.add({ recoveryCode: no }),
      () => Vault.open({ dir, unlock: { privateKey: 'canary'.padEnd(32) as never } }),
      () => Vault.open({ dir, unlock: { recoveryCode: no } }),
      () => vault.importKey(file, no),
      () => vault.exportKey(id, no),
      () => vault.backup(no),
      () => vault.restore(file, no),
    ]) {
      await assert.rejects(call, (error: Error) => {
        assert.doesNotMatch(`${error.stack}`, /canary/);
        return error.name === 'TypeError';
      });
    }
  });
});
