import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs, { readFileSync as namedReadFileSync } from 'node:fs';
import fsPromises, { readFile as namedReadFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Disk } from './disk.ts';
import { atOnce, type FsCall, type FsHook, hookRealFs, mountMemoryFs } from './fs-hook.ts';
import { FIRST_DESCRIPTOR, MemoryFs } from './memory-fs.ts';

const prefix = '/simulated';
let memory: MemoryFs;

beforeEach(() => {
  memory = new MemoryFs(new Disk({ now: () => 0 }));
  memory.mkdir(prefix, 0o777);
});

const mount = (hook: FsHook = atOnce) => mountMemoryFs({ prefix, fsOf: () => memory, hook });

function functions(): Map<string, unknown> {
  const all = new Map<string, unknown>();
  for (const [home, name] of [
    [fs, 'fs'],
    [fsPromises, 'promises'],
  ] as const) {
    for (const [key, value] of Object.entries(home)) all.set(`${name}.${key}`, value);
  }
  all.set('native', fs.realpath.native).set('sync native', fs.realpathSync.native);
  return all;
}

for (const [what, hook] of [
  ['a mounted file system', () => mount()],
  [
    'a hook of the real one',
    () => hookRealFs({ dir: tmpdir(), faults: { faultOf: () => undefined } }),
  ],
] as const) {
  test(`${what} changes functions, and puts the very same back`, () => {
    const before = functions();
    const names = [namedReadFileSync, namedReadFile];
    {
      using _hook = hook();
      assert.notEqual(fs.readFileSync, before.get('fs.readFileSync'));
      assert.notEqual(namedReadFile, names[1]);
      assert.equal(namedReadFile, fsPromises.readFile);
      assert.equal(fs.readFileSync.name, 'readFileSync');
      assert.equal(fs.read.length, (before.get('fs.read') as typeof fs.read).length);
    }
    for (const [name, value] of functions()) assert.equal(value, before.get(name), name);
    assert.deepEqual([namedReadFileSync, namedReadFile], names);
  });
}

describe('below the prefix', () => {
  test('nothing reaches the real file system, and what is elsewhere is real', () => {
    using _mount = mount();
    fs.writeFileSync(`${prefix}/f`, 'simulated');
    assert.equal(fs.readFileSync(new URL(`file://${prefix}/f`), 'utf8'), 'simulated');
    assert.equal(fs.readFileSync(Buffer.from(`${prefix}/..${prefix}/f`), 'utf8'), 'simulated');
    assert.equal(fs.existsSync(`${prefix}-not`), false);
    assert.equal(fs.openSync(`${prefix}/f`, 'r'), FIRST_DESCRIPTOR);
    assert.match(fs.readFileSync(import.meta.filename, 'utf8'), /nothing reaches the real/);
  });

  test('each process has its own descriptors over one disk', async () => {
    const other = new MemoryFs(memory.disk);
    let current = memory;
    using _mount = mountMemoryFs({ prefix, fsOf: () => current, hook: atOnce });
    const fd = fs.openSync(`${prefix}/f`, 'w');
    current = other;
    assert.throws(() => fs.writeSync(fd, 'x'), { code: 'EBADF', syscall: 'write' });
    assert.deepEqual(await fsPromises.readdir(prefix), ['f']);
  });

  test('functions made into promises answer as the real ones do', async () => {
    using _mount = mount();
    fs.writeFileSync(`${prefix}/f`, 'text');
    const fd = await promisify(fs.open)(`${prefix}/f`, 'r+');
    const buffer = Buffer.alloc(4);
    assert.deepEqual(await promisify(fs.read)(fd, buffer, 0, 4, 0), { bytesRead: 4, buffer });
    assert.deepEqual(await promisify(fs.write)(fd, buffer, 0, 2, 4), { bytesWritten: 2, buffer });
    assert.deepEqual(
      [await promisify(fs.exists)(`${prefix}/f`), await promisify(fs.exists)(`${prefix}/g`)],
      [true, false],
    );
  });

  test('streams read and write', async () => {
    using _mount = mount();
    const out = fs.createWriteStream(`${prefix}/f`);
    out.write('one ');
    out.end('two');
    await once(out, 'close');
    const parts = [];
    for await (const part of fs.createReadStream(`${prefix}/f`, { encoding: 'utf8', start: 2 })) {
      parts.push(part);
    }
    assert.equal(parts.join(''), 'e two');
    assert.deepEqual(memory.openDescriptors, []);
  });

  test('what comes bit by bit is written bit by bit', async () => {
    using _mount = mount();
    await fsPromises.writeFile(`${prefix}/f`, fs.createReadStream(import.meta.filename));
    assert.equal(
      fs.readFileSync(`${prefix}/f`, 'utf8'),
      fs.readFileSync(import.meta.filename, 'utf8'),
    );
    assert.deepEqual(memory.openDescriptors, []);
  });

  test('what is not simulated fails with its name', async () => {
    using _mount = mount();
    const refusal = (syscall: string) => ({ code: 'ENOSYS', syscall });
    assert.throws(() => fs.watch(prefix), refusal('watch'));
    assert.throws(() => fs.watchFile(prefix, () => {}), refusal('watchFile'));
    assert.throws(() => fs.statfsSync(prefix), refusal('statfs'));
    await assert.rejects(fsPromises.statfs(prefix), refusal('statfs'));
    await assert.rejects(fs.openAsBlob(`${prefix}/f`), refusal('openAsBlob'));
    await assert.rejects(promisify<string, unknown>(fs.statfs)(prefix), refusal('statfs'));
  });

  test('nothing is renamed or linked across the border', async () => {
    using _mount = mount();
    fs.writeFileSync(`${prefix}/f`, '');
    const outside = join(tmpdir(), 'never-made');
    assert.throws(() => fs.renameSync(`${prefix}/f`, outside), {
      code: 'EXDEV',
      syscall: 'rename',
    });
    await assert.rejects(fsPromises.link(import.meta.filename, `${prefix}/g`), { code: 'EXDEV' });
    await assert.rejects(fsPromises.copyFile(`${prefix}/f`, outside), { code: 'ENOSYS' });
  });

  test('wrong arguments fail as they do in Node', async () => {
    using _mount = mount();
    assert.throws(() => fs.readFile(`${prefix}/f`, 'utf8' as never), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
    assert.throws(() => fs.openSync(`${prefix}/f`, 'zz'), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => fs.writeFileSync(`${prefix}/f`, 5 as never), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
    await assert.rejects(fsPromises.readFile(`${prefix}/f\0`), { code: 'ERR_INVALID_ARG_VALUE' });
    await assert.rejects(fsPromises.readFile(`${prefix}/f`, 'zz' as never), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
  });

  test('the hook is told of every call, handles by the functions that they stand for', async () => {
    const calls: FsCall[] = [];
    using _mount = mount({
      async: (call, steps) => {
        calls.push(call);
        return atOnce.async(call, steps);
      },
      sync: (call, perform) => {
        calls.push(call);
        return perform();
      },
    });
    fs.writeFileSync(`${prefix}/a`, '');
    const handle = await fsPromises.open(`${prefix}/a`, 'r+');
    await handle.sync();
    await handle.close();
    await promisify(fs.rename)(`${prefix}/a`, `${prefix}/b`);
    const path = `${prefix}/a`;
    assert.deepEqual(calls, [
      { name: 'writeFile', path, style: 'sync' },
      { name: 'open', path, style: 'async' },
      { name: 'fsync', path, style: 'async' },
      { name: 'close', path, style: 'async' },
      { name: 'rename', path, dest: `${prefix}/b`, style: 'async' },
    ]);
  });
});
