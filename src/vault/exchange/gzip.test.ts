import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { gunzip, gzip } from './gzip.ts';

describe('gzip', () => {
  test('has the header of flate2', async () => {
    const packed = await gzip(Buffer.from('hello'));
    assert.equal(packed.subarray(0, 10).toString('hex'), '1f8b08000000000000ff');
    assert.equal(gunzipSync(packed).toString(), 'hello');
  });

  test('comes back, whatever it was', async () => {
    for (const data of [Buffer.alloc(0), randomBytes(1), randomBytes(200_000), Buffer.alloc(1e6)]) {
      assert.ok((await gunzip(await gzip(data), data.length)).equals(data));
    }
  });

  test('that unpacks to more than is allowed is given up in time', async () => {
    // Made of pieces, so that making it takes no memory.
    const bomb = Buffer.concat(new Array(64).fill(gzipSync(Buffer.alloc(1 << 20))));
    assert.ok(bomb.length < 100_000);
    const before = process.resourceUsage().maxRSS;
    await assert.rejects(gunzip(bomb, 1 << 20), { code: 'FORMAT_INVALID', message: /more than/ });
    assert.ok(process.resourceUsage().maxRSS - before < 32 << 10, 'KiB');
    await assert.rejects(gunzip(await gzip(Buffer.alloc(11)), 10), { code: 'FORMAT_INVALID' });
  });

  test('that is cut or changed is refused', async () => {
    const packed = await gzip(Buffer.from('some text, some text'));
    const others = [
      ...Array.from({ length: packed.length }, (_, length) => packed.subarray(0, length)),
      Buffer.from('no gzip at all'),
      Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8)]),
    ];
    for (const other of others) {
      await assert.rejects(gunzip(other, 1000), { code: 'FORMAT_INVALID' });
    }
  });
});
