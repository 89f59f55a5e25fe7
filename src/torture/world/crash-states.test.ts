import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { type CrashImage, type CrashOptions, crashImages, processCrash } from './crash-states.ts';
import { Disk, type EffectLog } from './disk.ts';
import { atOnce, memoryPromises } from './fs-hook.ts';
import { MemoryFs } from './memory-fs.ts';
import { fingerprint, pathsOf } from './tree.ts';
import type { FileSystem } from './world.ts';

let disk: Disk;
let fs: FileSystem;

beforeEach(() => {
  disk = new Disk({ now: () => 1_700_000_000_000 });
  fs = memoryPromises(new MemoryFs(disk), atOnce);
});

function images(log: EffectLog, options: Partial<CrashOptions> = {}): CrashImage[] {
  return [...crashImages(log, { model: 'none', seed: '1', limit: 1000, ...options })];
}

/** What a path may read as afterwards, sorted; `-` when it is not there. */
function readings(found: readonly CrashImage[], path: string): string[] {
  return [...new Set(found.map((image) => reading(image.disk, path)))].sort();
}

function reading(image: Disk, path: string): string {
  for (const [at, inode] of pathsOf(image)) {
    if (at === path) return inode.slice(0, inode.size).toString();
  }
  return '-';
}

interface Care {
  readonly file?: boolean | undefined;
  readonly directory?: boolean | undefined;
}

async function replace(path: string, content: string, care: Care): Promise<void> {
  const handle = await fs.open(`${path}.tmp`, 'w');
  await handle.writeFile(content);
  if (care.file === true) await handle.sync();
  await handle.close();
  await fs.rename(`${path}.tmp`, path);
  if (care.directory === true) {
    const directory = await fs.open('/', 'r');
    await directory.sync();
    await directory.close();
  }
}

describe('a file replaced by a rename', () => {
  const after = async (care: Care, model: CrashOptions['model'], old?: string) => {
    if (old !== undefined) await fs.writeFile('/f', old);
    const log = disk.record();
    await replace('/f', 'new', care);
    return readings(images(log, { model }), '/f');
  };

  test('may be empty when nothing is synced and nothing ordered', async () => {
    assert.deepEqual(await after({}, 'none', 'old'), ['', '\0\0\0', 'new', 'old']);
  });

  test('is old or new with a journal, for a rename over a file brings its content along', async () => {
    assert.deepEqual(await after({}, 'ordered', 'old'), ['new', 'old']);
  });

  test('may be empty with a journal when there was none before', async () => {
    assert.deepEqual(await after({}, 'ordered'), ['', '-', 'new']);
  });

  for (const model of ['none', 'ordered'] as const) {
    test(`is never empty once the file is synced, but the rename may be missing (${model})`, async () => {
      assert.deepEqual(await after({ file: true }, model, 'old'), ['new', 'old']);
    });

    test(`is new when both are synced (${model})`, async () => {
      assert.deepEqual(await after({ file: true, directory: true }, model, 'old'), ['new']);
    });
  }

  test('may be empty when only the directory is synced', async () => {
    assert.deepEqual(await after({ directory: true }, 'none', 'old'), ['', '\0\0\0', 'new']);
  });
});

describe('the journal', () => {
  test('loses changes of names from the end only', async () => {
    const log = disk.record();
    await fs.mkdir('/a');
    await fs.mkdir('/b');
    await fs.mkdir('/c');
    const found = images(log, { model: 'ordered' }).map((image) =>
      [...pathsOf(image.disk)].map(([path]) => path).join(),
    );
    assert.deepEqual(found, ['/a,/b,/c', '/a,/b', '/a', '']);
    assert.equal(images(log, { model: 'none' }).length, 8);
  });

  test('is written up to what made a synced file grow', async () => {
    const log = disk.record();
    await fs.mkdir('/before');
    const handle = await fs.open('/f', 'w');
    await handle.writeFile('x');
    await fs.mkdir('/between');
    await handle.sync();
    const found = images(log, { model: 'ordered' });
    assert.deepEqual(readings(found, '/f'), ['x']);
    assert.deepEqual(readings(found, '/before'), ['']);
    assert.deepEqual(readings(found, '/between'), ['', '-']);
  });

  test('loses appends to a file from the end, and those behind a lost name', async () => {
    const handle = await fs.open('/log', 'w');
    const log = disk.record();
    await handle.write('1');
    await handle.write('2');
    await fs.mkdir('/d');
    await handle.write('3');
    const found = images(log, { model: 'ordered' });
    assert.deepEqual(readings(found, '/log'), ['', '1', '12', '123']);
    for (const image of found) {
      if (reading(image.disk, '/d') === '-') assert.notEqual(reading(image.disk, '/log'), '123');
    }
  });

  test('keeps no order among overwrites', async () => {
    await fs.writeFile('/f', 'abc');
    const log = disk.record();
    const handle = await fs.open('/f', 'r+');
    await handle.write('A', 0);
    await handle.write('C', 2);
    const found = images(log, { model: 'ordered' });
    assert.deepEqual(readings(found, '/f'), ['AbC', 'Abc', 'abC', 'abc']);
  });

  test('does not keep old content behind a truncation that survived', async () => {
    await fs.writeFile('/f', 'old');
    const log = disk.record();
    await fs.writeFile('/f', 'new');
    assert.deepEqual(readings(images(log, { model: 'ordered' }), '/f'), ['', 'new', 'old']);
  });
});

describe('a large write', () => {
  const states = async (model: CrashOptions['model']) => {
    await fs.writeFile('/f', 'o'.repeat(1024));
    const log = disk.record();
    const handle = await fs.open('/f', 'r+');
    await handle.write('n'.repeat(1024), 0);
    const texts = readings(images(log, { model }), '/f');
    return texts.map((text) => text.replaceAll(/(.)\1*/g, '$1')).sort();
  };

  for (const model of ['ordered', 'none'] as const) {
    test(`tears at a sector, on either side (${model})`, async () => {
      assert.deepEqual(await states(model), ['n', 'no', 'o', 'on']);
    });
  }
});

describe('the images', () => {
  test('at a moment have nothing of what came later, and nothing synced later', async () => {
    const handle = await fs.open('/f', 'w');
    const log = disk.record();
    await handle.write('1');
    const moment = log.effects.length;
    await handle.sync();
    await handle.write('2');
    assert.deepEqual(readings(images(log, { at: moment }), '/f'), ['', '\0', '1']);
    assert.deepEqual(readings(images(log), '/f'), ['1', '1\0', '12']);
  });

  test('say what was lost', async () => {
    await fs.writeFile('/f', 'old');
    const log = disk.record();
    await replace('/f', 'new', {});
    const found = images(log, { model: 'none' }).map((image) => image.describe);
    assert.equal(found[0], 'nothing was lost');
    assert.ok(found.includes('lost: rename /f.tmp -> /f'));
    assert.ok(found.includes('lost: 3 bytes of /f from 0'));
  });

  for (const files of [2, 30]) {
    test(`are each different, drawn by seed, the extremes first, of ${files} files`, async () => {
      const log = disk.record();
      for (let index = 0; index < files; index += 1) await fs.writeFile(`/f${index}`, 'x');
      const found = images(log, { limit: 10 });
      const prints = found.map((image) => fingerprint(image.disk));
      assert.equal(new Set(prints).size, 10);
      assert.equal(prints[0], fingerprint(disk));
      assert.deepEqual([...pathsOf(found[1]?.disk ?? disk)], []);
      assert.deepEqual(
        images(log, { limit: 10 }).map((image) => image.describe),
        found.map((image) => image.describe),
      );
    });
  }

  test('leave the disk that they come from alone', async () => {
    await fs.writeFile('/f', 'old');
    const log = disk.record();
    await fs.writeFile('/f', 'new');
    const print = fingerprint(disk);
    for (const image of images(log)) {
      await memoryPromises(new MemoryFs(image.disk), atOnce).writeFile('/f', 'changed');
    }
    assert.equal(fingerprint(disk), print);
    assert.equal(reading(log.base, '/f'), 'old');
  });

  test('are disks to go on with', async () => {
    await fs.mkdir('/d');
    const log = disk.record();
    await fs.writeFile('/d/f', 'x');
    await fs.link('/d/f', '/d/g');
    for (const image of images(log)) {
      const again = memoryPromises(new MemoryFs(image.disk), atOnce);
      const names = await again.readdir('/d');
      for (const name of names) assert.equal((await again.stat(`/d/${name}`)).nlink, names.length);
      await again.rm('/d', { recursive: true });
      assert.deepEqual(await again.readdir('/'), []);
    }
  });

  test('after the death of a process have lost nothing', async () => {
    await fs.writeFile('/f', 'x');
    assert.equal(fingerprint(processCrash(disk).disk), fingerprint(disk));
  });
});

test('what the journal may leave is among what no order may leave, and what is synced is in both', async () => {
  const name = fc.constantFrom('/a', '/b', '/c');
  const step = fc.oneof(
    fc.record({ do: fc.constant('write' as const), name, size: fc.nat(3) }),
    fc.record({ do: fc.constant('append' as const), name, size: fc.nat(3) }),
    fc.record({ do: fc.constant('rename' as const), name, to: name }),
    fc.record({ do: fc.constant('unlink' as const), name }),
    fc.record({ do: fc.constant('sync' as const), name: fc.oneof(name, fc.constant('/')) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
      const one = new Disk({ now: () => 0 });
      const files = memoryPromises(new MemoryFs(one), atOnce);
      await files.writeFile('/a', 'before');
      const log = one.record();
      for (const step of steps) await perform(files, step).catch(ignoreMissing);
      const all = { seed: '1', limit: 100_000 };
      const weakest = new Set(
        images(log, { ...all, model: 'none' }).map((i) => fingerprint(i.disk)),
      );
      for (const image of images(log, { ...all, model: 'ordered' })) {
        assert.ok(weakest.has(fingerprint(image.disk)), image.describe);
      }
      for (const path of ['/', '/a', '/b', '/c']) {
        await perform(files, { do: 'sync', name: path }).catch(ignoreMissing);
      }
      for (const model of ['none', 'ordered'] as const) {
        const prints = images(log, { ...all, model }).map((i) => fingerprint(i.disk));
        assert.deepEqual(prints, [fingerprint(one)]);
      }
    }),
    { numRuns: 150 },
  );
});

type Step =
  | { readonly do: 'write' | 'append'; readonly name: string; readonly size: number }
  | { readonly do: 'rename'; readonly name: string; readonly to: string }
  | { readonly do: 'unlink' | 'sync'; readonly name: string };

async function perform(files: FileSystem, step: Step): Promise<void> {
  switch (step.do) {
    case 'write':
      return files.writeFile(step.name, 'w'.repeat(step.size));
    case 'append':
      return files.appendFile(step.name, 'a'.repeat(step.size));
    case 'rename':
      return files.rename(step.name, step.to);
    case 'unlink':
      return files.unlink(step.name);
    default: {
      await using handle = await files.open(step.name, 'r');
      await handle.sync();
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
