import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { Disk } from './disk.ts';
import { atOnce, mountMemoryFs } from './fs-hook.ts';
import { MemoryFs } from './memory-fs.ts';
import { pathsOf } from './tree.ts';

// Each library is loaded once the mount is there: some take functions out of node:fs as they load.
describe('on a simulated file system', () => {
  const root = '/simulated-libraries';
  let timeMs = 1_700_000_000_000;
  const memory = new MemoryFs(new Disk({ now: () => (timeMs += 10) }));
  let mount: Disposable;

  before(() => {
    memory.mkdir(root, 0o777);
    mount = mountMemoryFs({ prefix: root, fsOf: () => memory, hook: atOnce });
  });
  after(() => {
    mount[Symbol.dispose]();
    assert.equal(fs.existsSync(root), false, 'nothing was written to the real one');
  });

  const paths = (below: string) =>
    [...pathsOf(memory.disk)]
      .map(([path]) => path)
      .filter((path) => path.startsWith(`${root}/${below}`));

  test('conf keeps its settings', async () => {
    const { default: Conf } = await import('conf');
    new Conf({ cwd: `${root}/conf`, projectName: 'x' }).set('a', 1);
    assert.equal(new Conf({ cwd: `${root}/conf`, projectName: 'x' }).get('a'), 1);
    assert.deepEqual(paths('conf/'), [`${root}/conf/config.json`]);
  });

  test('configstore keeps its settings', async () => {
    const { default: Configstore } = await import('configstore');
    const options = { configPath: `${root}/store/config.json` };
    new Configstore('x', {}, options).set('a', 2);
    assert.equal(new Configstore('x', {}, options).get('a'), 2);
  });

  test('write-file-atomic replaces a file and leaves nothing behind', async () => {
    const require = createRequire(import.meta.url);
    const write: (path: string, data: string) => Promise<void> = require('write-file-atomic');
    await write(`${root}/atomic`, 'first');
    await write(`${root}/atomic`, 'second');
    assert.equal(fs.readFileSync(`${root}/atomic`, 'utf8'), 'second');
    assert.deepEqual(paths('atomic'), [`${root}/atomic`]);
  });

  test('proper-lockfile locks and unlocks', async () => {
    const { default: lockfile } = await import('proper-lockfile');
    fs.writeFileSync(`${root}/locked`, '');
    const release = await lockfile.lock(`${root}/locked`);
    await assert.rejects(lockfile.lock(`${root}/locked`), { code: 'ELOCKED' });
    await release();
    assert.equal(await lockfile.check(`${root}/locked`), false);
  });

  test('cacache stores, streams, verifies and removes', async () => {
    const { default: cacache } = await import('cacache');
    const cache = `${root}/cache`;
    await cacache.put(cache, 'key', 'data');
    assert.equal((await cacache.get(cache, 'key')).data.toString(), 'data');
    const parts = [];
    for await (const part of cacache.get.stream(cache, 'key')) parts.push(part);
    assert.equal(Buffer.concat(parts).toString(), 'data');
    assert.equal((await cacache.verify(cache)).keptSize, 4);
    await cacache.rm.all(cache);
    await assert.rejects(cacache.get(cache, 'key'), { code: 'ENOENT' });
  });
});
