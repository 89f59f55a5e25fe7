import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createKeyFile, readKeyFile } from './key-file.ts';

const fresh = () => join(mkdtempSync(join(tmpdir(), 'holdfast-')), 'key');

describe('a key file', () => {
  test('that is created is 32 random bytes for its owner alone', async () => {
    const paths = [fresh(), fresh()];
    const keys = await Promise.all(paths.map(createKeyFile));
    for (const [index, path] of paths.entries()) {
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.deepEqual(readFileSync(path), keys[index]);
      assert.equal(keys[index]?.length, 32);
      assert.deepEqual(await readKeyFile(path), keys[index]);
    }
    assert.notDeepEqual(keys[0], keys[1]);
  });

  test('is never created over anything, a broken link included', async () => {
    const path = fresh();
    writeFileSync(path, 'mine');
    await assert.rejects(createKeyFile(path), {
      code: 'CONFLICT',
      message: `there is a file already at ${path}`,
    });
    assert.equal(readFileSync(path, 'utf8'), 'mine');
    symlinkSync('nowhere', `${path}-link`);
    await assert.rejects(createKeyFile(`${path}-link`), { code: 'CONFLICT' });
  });

  test('that cannot be created says so, and leaves nothing', async () => {
    const path = fresh();
    await assert.rejects(createKeyFile(join(path, 'below')), {
      code: 'IO_ERROR',
      message: /ENOENT/,
    });
    assert.deepEqual(readdirSync(join(path, '..')), []);
  });

  test('has 32 bytes to 64 KiB', async () => {
    const path = fresh();
    const cases: readonly [number, boolean][] = [
      [0, false],
      [31, false],
      [32, true],
      [65_536, true],
      [65_537, false],
    ];
    for (const [sizeBytes, isValid] of cases) {
      writeFileSync(path, Buffer.alloc(sizeBytes, 10));
      chmodSync(path, 0o600);
      if (isValid) assert.equal((await readKeyFile(path)).length, sizeBytes);
      else await assert.rejects(readKeyFile(path), { code: 'FORMAT_INVALID' }, `${sizeBytes}`);
    }
  });

  test('is refused when others may read it', async () => {
    const path = fresh();
    await createKeyFile(path);
    chmodSync(path, 0o640);
    await assert.rejects(readKeyFile(path), { code: 'CONFIG_INVALID', message: /mode 640/ });
  });
});
