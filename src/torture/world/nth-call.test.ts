import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { Disk } from './disk.ts';
import type { FsFaults } from './fs-faults.ts';
import { atOnce, hookRealFs, memoryPromises } from './fs-hook.ts';
import { MemoryFs } from './memory-fs.ts';
import { NthCallFault, type NthCallOptions } from './nth-call.ts';
import type { FileSystem } from './world.ts';

type Failure = NthCallOptions['error'];

/** The usual way: all or nothing, and no litter. */
async function replaceFile(files: FileSystem, path: string, content: string): Promise<void> {
  const temp = `${path}.tmp`;
  try {
    await using handle = await files.open(temp, 'w');
    for (let rest = Buffer.from(content); rest.length > 0; ) {
      const { bytesWritten } = await handle.write(rest);
      rest = rest.subarray(bytesWritten);
    }
    await handle.sync();
  } catch (error) {
    await files.rm(temp, { force: true });
    throw error;
  }
  await files.rename(temp, path);
}

/** The careless way. */
const overwrite = (files: FileSystem, path: string, content: string) =>
  files.writeFile(path, content);

interface Place {
  readonly files: FileSystem;
  readonly path: string;
  /** Runs code while calls meet faults. */
  readonly during: (faults: FsFaults, code: () => Promise<void>) => Promise<void>;
}

function realPlace(t: TestContext): Place {
  const dir = fs.mkdtempSync(join(tmpdir(), 'nth-call-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return {
    files: fsPromises,
    path: join(dir, 'f'),
    during: async (faults, code) => {
      using _hook = hookRealFs({ dir, faults });
      await code();
    },
  };
}

function memoryPlace(): Place {
  const memory = new MemoryFs(new Disk({ now: () => 0 }));
  return {
    files: memoryPromises(memory, atOnce),
    path: '/f',
    during: async (faults, code) => {
      memory.faults = faults;
      await code();
      memory.faults = undefined;
    },
  };
}

/** What each failure left, for N from 1 until a run met none. */
async function loop(
  { files, path, during }: Place,
  error: Failure,
  persistent: boolean,
  write: typeof overwrite,
): Promise<string[]> {
  const outcomes: string[] = [];
  for (let nth = 1; ; nth += 1) {
    await files.writeFile(path, 'old content');
    const fault = new NthCallFault({ nth, error, persistent });
    let code = 'done';
    await during(fault, () =>
      write(files, path, 'new content').catch((error) => {
        code = error.code;
      }),
    );
    if (fault.hits.length === 0) return outcomes;
    const litter = await files.access(`${path}.tmp`).then(
      () => ' and litter',
      () => '',
    );
    outcomes.push(`${code}: ${await files.readFile(path, 'utf8')}${litter}`);
  }
}

for (const [where, placeOf] of [
  ['the real file system', realPlace],
  ['a simulated one', memoryPlace],
] as const) {
  describe(`on ${where}`, () => {
    for (const error of ['ENOSPC', 'EIO', 'EMFILE'] as const) {
      for (const persistent of [false, true]) {
        const times = persistent ? 'from then on' : 'once';
        test(`a careful write that meets ${error} ${times} leaves all or nothing`, async (t) => {
          const outcomes = await loop(placeOf(t), error, persistent, replaceFile);
          assert.ok(outcomes.length > 0);
          for (const outcome of outcomes) assert.equal(outcome, `${error}: old content`);
        });
      }
    }

    test('a careful write finishes what was cut short', async (t) => {
      for (const persistent of [false, true]) {
        const outcomes = await loop(placeOf(t), 'short-write', persistent, replaceFile);
        assert.ok(outcomes.length > 0);
        for (const outcome of outcomes) assert.equal(outcome, 'done: new content');
      }
    });

    test('a careless one leaves half of the data on a full disk', async (t) => {
      assert.deepEqual(await loop(placeOf(t), 'ENOSPC', false, overwrite), ['ENOSPC: new c']);
    });
  });
}

describe('calls on the real file system', () => {
  let dir: string;

  beforeEach((t) => {
    dir = fs.mkdtempSync(join(tmpdir(), 'nth-call-'));
    if ('after' in t) t.after(() => fs.rmSync(dir, { recursive: true }));
  });

  /** Names of the calls that can fail in some way. */
  async function concerned(error: Failure, code: () => unknown): Promise<string[]> {
    const fault = new NthCallFault({ nth: Number.POSITIVE_INFINITY, error, persistent: false });
    const names: string[] = [];
    const faults: FsFaults = {
      faultOf: (call, needs) => {
        const before = fault.calls;
        fault.faultOf(call, needs);
        if (fault.calls > before) names.push(call.name);
        return undefined;
      },
    };
    using _hook = hookRealFs({ dir, faults });
    await code();
    assert.equal(fault.calls, names.length);
    return names;
  }

  const everyStyle = async () => {
    const path = join(dir, 'f');
    fs.writeFileSync(path, Buffer.from('sync'));
    await promisify(fs.writeFile)(path, 'callback');
    await fsPromises.writeFile(path, 'promise');
    fs.appendFileSync(path, Buffer.from('sync'));
    await promisify(fs.appendFile)(path, 'callback');
    await promisify(fs.readFile)(path);
    fs.readFileSync(path);
    await promisify(fs.truncate)(path, 100);
    await promisify(fs.mkdir)(join(dir, 'a/b'), { recursive: true });
    await fsPromises.rm(join(dir, 'a'), { recursive: true });
    await promisify<string, void>(fs.rm)(path);
  };

  test('count once, whatever Node makes of them', async () => {
    assert.deepEqual(await concerned('ENOSPC', everyStyle), [
      'writeFile',
      'writeFile',
      'writeFile',
      'appendFile',
      'appendFile',
      'truncate',
      'mkdir',
    ]);
    assert.deepEqual(await concerned('EIO', everyStyle), [
      'writeFile',
      'writeFile',
      'writeFile',
      'appendFile',
      'appendFile',
      'readFile',
      'readFile',
    ]);
  });

  test('on descriptors, handles and streams count', async () => {
    const names = await concerned('EIO', async () => {
      const path = join(dir, 'f');
      const fd = fs.openSync(path, 'w');
      fs.writeSync(fd, 'x');
      await promisify(fs.fsync)(fd);
      fs.closeSync(fd);
      const handle = await fsPromises.open(path, 'r+');
      await handle.read(Buffer.alloc(1));
      await handle.datasync();
      await handle.close();
      const stream = fs.createWriteStream(path);
      stream.end('text');
      await once(stream, 'close');
    });
    assert.deepEqual(names, ['write', 'fsync', 'read', 'fdatasync', 'write']);
  });

  test('elsewhere do not', async () => {
    const names = await concerned('EIO', () => {
      fs.readFileSync(import.meta.filename);
      const fd = fs.openSync(import.meta.filename, 'r');
      fs.readSync(fd, Buffer.alloc(1));
      fs.closeSync(fd);
    });
    assert.deepEqual(names, []);
  });

  test('fail in every style with the error that the system would give', async () => {
    const path = join(dir, 'f');
    fs.writeFileSync(path, 'old');
    const each = (error: Failure) => new NthCallFault({ nth: 1, error, persistent: true });
    {
      using _hook = hookRealFs({ dir, faults: each('EMFILE') });
      const expected = { code: 'EMFILE', syscall: 'open', path, errno: -24 };
      assert.throws(() => fs.readFileSync(path), expected);
      await assert.rejects(promisify(fs.readFile)(path), expected);
      await assert.rejects(fsPromises.open(path), expected);
      assert.throws(() => fs.readdirSync(dir), { code: 'EMFILE', syscall: 'scandir' });
    }
    using _hook = hookRealFs({ dir, faults: each('ENOSPC') });
    assert.throws(() => fs.mkdirSync(join(dir, 'd')), {
      message: `ENOSPC: no space left on device, mkdir '${join(dir, 'd')}'`,
    });
    await assert.rejects(promisify(fs.appendFile)(path, ' and more'), {
      message: 'ENOSPC: no space left on device, write',
    });
    assert.equal(fs.readFileSync(path, 'utf8'), 'old and');
    assert.throws(() => fs.openSync(join(dir, 'new'), 'w'), { code: 'ENOSPC', syscall: 'open' });
    fs.closeSync(fs.openSync(path, 'w'));
  });

  test('are told with number, name and path', async () => {
    const path = join(dir, 'f');
    const fault = new NthCallFault({ nth: 2, error: 'ENOSPC', persistent: false });
    using _hook = hookRealFs({ dir, faults: fault });
    fs.mkdirSync(join(dir, 'd'));
    await assert.rejects(fsPromises.writeFile(path, 'x'), { code: 'ENOSPC' });
    fs.writeFileSync(path, 'x');
    assert.deepEqual(fault.hits, [{ nth: 2, name: 'writeFile', path }]);
    assert.equal(fault.calls, 3);
  });
});
