import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isInstalled } from './launch-prefix.ts';
import { tmpfs } from './tmpfs.ts';

test('a small disk is full at its size, has room again when a file goes, and leaves nothing', async (t) => {
  const disk = await tmpfs(64 * 1024);
  if ('skipped' in disk) return t.skip(disk.skipped);
  const { dir } = disk;
  {
    await using _ = disk;
    assert.equal(statSync(dir).mode & 0o777, 0o700);
    assert.throws(() => writeFileSync(join(dir, 'big'), Buffer.alloc(100_000, 1)), {
      code: 'ENOSPC',
    });
    assert.equal(statSync(join(dir, 'big')).size, 64 * 1024);
    writeFileSync(join(dir, 'big'), '');
    writeFileSync(join(dir, 'small'), Buffer.alloc(50_000));
  }
  assert.equal(existsSync(dir), false);
});

test('a disk on which a file is still open goes too', async (t) => {
  const disk = await tmpfs(4096);
  if ('skipped' in disk) return t.skip(disk.skipped);
  const file = openSync(join(disk.dir, 'open'), 'w');
  await disk[Symbol.asyncDispose]();
  assert.equal(existsSync(disk.dir), false);
  closeSync(file);
});

const isRoot = process.getuid?.() === 0;
const skip = !isRoot || !isInstalled('setpriv') ? 'only root has a right to lose' : false;

test('without the right to mount it says so', { skip }, () => {
  const program = `
    const { tmpfs } = await import(${JSON.stringify(import.meta.resolve('./tmpfs.ts'))});
    console.log(JSON.stringify(await tmpfs(4096)));`;
  const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, ...env } = process.env;
  const args = [
    '--bounding-set=-sys_admin',
    process.execPath,
    '--input-type=module',
    '-e',
    program,
  ];
  const { skipped } = JSON.parse(execFileSync('setpriv', args, { env, encoding: 'utf8' }));
  assert.match(skipped, /^a tmpfs cannot be mounted: \S+/);
});

test('a size below one page is refused: tmpfs would take 0 for no limit', async () => {
  for (const size of [0, 4095, 1.5, Number.NaN]) {
    await assert.rejects(tmpfs(size), { name: 'RangeError', code: 'ARGUMENT_INVALID' });
  }
});
