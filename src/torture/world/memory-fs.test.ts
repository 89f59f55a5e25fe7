import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { beforeEach, describe, test } from 'node:test';
import { Disk } from './disk.ts';
import { atOnce, type FsHook, memoryPromises, type Steps } from './fs-hook.ts';
import { FIRST_DESCRIPTOR, MemoryFs, STEP_BYTES } from './memory-fs.ts';
import { fingerprint } from './tree.ts';
import type { FileSystem } from './world.ts';

const { O_RDWR, O_CREAT, O_APPEND, O_WRONLY } = constants;

let nowMs = 0;
let disk: Disk;
let a: MemoryFs;
let b: MemoryFs;
let fs: FileSystem;

beforeEach(() => {
  nowMs = 1_700_000_000_000;
  disk = new Disk({ now: () => nowMs });
  a = new MemoryFs(disk);
  b = new MemoryFs(disk);
  fs = memoryPromises(a, atOnce);
});

const bytes = (text: string) => Buffer.from(text);
const open = (process: MemoryFs, path: string, flags = O_RDWR | O_CREAT) =>
  process.open(path, flags, 0o666);

function readAll(process: MemoryFs, path: string): string {
  const fd = open(process, path, 0);
  const buffer = Buffer.alloc(process.inode(fd, 'fstat').size);
  process.read(fd, buffer, 0);
  process.close(fd);
  return buffer.toString();
}

describe('files', () => {
  test('one whose last name has gone stays for who has it open', async () => {
    const fd = open(a, '/f');
    a.write(fd, bytes('still here'), null);
    const { ino } = a.file(fd, 'open');
    await memoryPromises(b, atOnce).unlink('/f');
    const buffer = Buffer.alloc(20);
    assert.equal(a.read(fd, buffer, 0), 10);
    assert.equal(a.inode(fd, 'fstat').nlink, 0);
    a.close(fd);
    assert.equal(disk.has(ino), false);
  });

  test('appends of two processes do not overwrite each other, whatever position they name', () => {
    const first = open(a, '/log', O_WRONLY | O_CREAT | O_APPEND);
    const second = open(b, '/log', O_WRONLY | O_APPEND);
    a.write(first, bytes('one '), null);
    b.write(second, bytes('two '), 0);
    a.write(first, bytes('three'), null);
    assert.equal(readAll(a, '/log'), 'one two three');
  });

  test('times come from the clock of the disk', async () => {
    await fs.writeFile('/f', 'x');
    nowMs += 5000;
    await fs.appendFile('/f', 'y');
    const stats = await fs.stat('/f');
    assert.equal(stats.mtimeMs, 1_700_000_005_000);
    assert.equal(stats.birthtimeMs, 1_700_000_000_000);
    assert.deepEqual(stats.mtime, new Date(1_700_000_005_000));
    await fs.utimes('/f', 10, new Date(20_000));
    assert.deepEqual(
      [(await fs.stat('/f')).atimeMs, (await fs.stat('/f', { bigint: true })).mtimeMs],
      [10_000, 20_000n],
    );
  });

  test('temporary directories have names by count', async () => {
    assert.equal(await fs.mkdtemp('/t-'), '/t-000001');
    assert.equal(await fs.mkdtemp('/t-'), '/t-000002');
  });

  test('a path with a name of more than 255 bytes is refused', async () => {
    await assert.rejects(fs.writeFile(`/${'x'.repeat(256)}`, ''), { code: 'ENAMETOOLONG' });
    await assert.rejects(fs.stat(`/${'é'.repeat(128)}`), { code: 'ENAMETOOLONG' });
    await fs.writeFile(`/${'x'.repeat(255)}`, '');
  });

  test('a tree is copied with its links', async () => {
    await fs.mkdir('/from/deep', { recursive: true });
    await fs.writeFile('/from/deep/f', 'content');
    await fs.symlink('deep/f', '/from/link');
    await fs.cp('/from', '/new/to', { recursive: true });
    assert.equal(await fs.readFile('/new/to/link', 'utf8'), 'content');
    assert.equal(await fs.readlink('/new/to/link'), '/from/deep/f');
    await assert.rejects(fs.cp('/from', '/from/deep/inside', { recursive: true }), {
      code: 'ERR_FS_CP_EINVAL',
    });
    await assert.rejects(fs.cp('/from', '/other'), { code: 'ERR_FS_EISDIR' });
  });
});

describe('handles', () => {
  test('a closed one refuses with EBADF and closes again without an error', async () => {
    const handle = await fs.open('/f', 'w+');
    assert.equal(handle.fd, FIRST_DESCRIPTOR);
    await handle.close();
    assert.equal(handle.fd, -1);
    await assert.rejects(handle.read(Buffer.alloc(1)), { code: 'EBADF', message: 'file closed' });
    await handle.close();
    assert.deepEqual(a.openDescriptors, []);
  });

  test('await using closes it', async () => {
    {
      await using handle = await fs.open('/f', 'w');
      await handle.writeFile('x');
      assert.equal(a.openDescriptors.length, 1);
    }
    assert.deepEqual(a.openDescriptors, []);
  });

  test('closing waits for the calls under way', async () => {
    const hook = new ManualHook();
    const opening = memoryPromises(a, hook).open('/f', 'w');
    hook.finish(0);
    const handle: FileHandle = await opening;
    const write = handle.write('text');
    const close = handle.close();
    assert.deepEqual(hook.pending, ['write']);
    hook.finish(0);
    await write;
    await new Promise(setImmediate);
    assert.deepEqual(hook.pending, ['close']);
    hook.finish(0);
    await close;
    assert.equal(readAll(b, '/f'), 'text');
  });

  test('streams read and write them', async () => {
    const out = await fs.open('/f', 'w');
    const stream = out.createWriteStream();
    stream.write('first\n');
    stream.end('second\n');
    await once(stream, 'close');
    const input = await fs.open('/f');
    const lines = [];
    for await (const line of input.readLines()) lines.push(line);
    assert.deepEqual(lines, ['first', 'second']);
  });
});

describe('locks', () => {
  test('belong to the open file, and go with it', () => {
    const first = open(a, '/lock');
    const same = open(a, '/lock');
    const other = open(b, '/lock');
    assert.equal(a.tryLock(first), true);
    assert.equal(a.tryLock(first), true, 'asking again is no error');
    assert.equal(a.tryLock(same), false, 'the same process, another open file');
    assert.equal(b.tryLock(other), false);
    a.close(first);
    assert.equal(b.tryLock(other), true);
    b.unlock(other);
    assert.equal(a.tryLock(same), true);
  });

  test('who holds none takes nothing away by unlocking or closing', () => {
    const holder = open(a, '/lock');
    const other = open(b, '/lock');
    a.tryLock(holder);
    b.unlock(other);
    b.close(other);
    assert.equal(b.tryLock(open(b, '/lock')), false);
  });

  test('are of the inode: a file put in its place has a lock of its own', async () => {
    const old = open(a, '/lock');
    a.tryLock(old);
    await fs.writeFile('/new', '');
    await fs.rename('/new', '/lock');
    assert.equal(b.tryLock(open(b, '/lock')), true);
  });

  test('releases are told, by unlock, close and kill', () => {
    const released: number[] = [];
    disk.flocks.onRelease = (ino) => released.push(ino);
    const fd = open(a, '/lock');
    const { ino } = a.file(fd, 'open');
    a.tryLock(fd);
    a.unlock(fd);
    a.unlock(fd);
    a.tryLock(fd);
    a.close(fd);
    a.tryLock(open(a, '/lock'));
    a.kill();
    assert.deepEqual(released, [ino, ino, ino]);
  });
});

describe('a killed process', () => {
  test('has nothing open, keeps what it wrote, and does nothing more', async () => {
    const fd = open(a, '/f');
    a.write(fd, bytes('written'), null);
    a.tryLock(fd);
    a.kill();
    assert.deepEqual([a.openDescriptors, a.isAlive], [[], false]);
    await assert.rejects(fs.writeFile('/f', 'late'), /killed/);
    assert.throws(() => open(a, '/g'), /killed/);
    assert.equal(readAll(b, '/f'), 'written');
    assert.equal(b.tryLock(open(b, '/f')), true);
  });

  test('leaves a large write where it was', () => {
    const fd = open(a, '/f');
    const write = a.writeInSteps(fd, Buffer.alloc(3 * STEP_BYTES, 'n'), null);
    write.next();
    a.kill();
    assert.equal(readAll(b, '/f').length, STEP_BYTES);
    b.write(open(b, '/f'), bytes('other'), 0);
    assert.equal(readAll(b, '/f').length, STEP_BYTES);
  });
});

describe('steps', () => {
  test('writeFile empties the file first: who reads then finds nothing', async () => {
    await fs.writeFile('/f', 'old');
    const hook = new ManualHook();
    const writing = memoryPromises(b, hook).writeFile('/f', 'new');
    hook.step(0);
    assert.equal(readAll(a, '/f'), '');
    hook.finish(0);
    await writing;
    assert.equal(readAll(a, '/f'), 'new');
  });

  test('readFile goes by the size that it saw first', async () => {
    await fs.writeFile('/f', 'old');
    const hook = new ManualHook();
    const reading = memoryPromises(b, hook).readFile('/f', 'utf8');
    hook.step(0);
    await fs.writeFile('/f', 'much longer');
    hook.finish(0);
    assert.equal(await reading, 'muc');
  });

  test('a large write is seen half done, and done by who writes next', () => {
    const size = 3 * STEP_BYTES;
    const first = a.writeInSteps(open(a, '/f'), Buffer.alloc(size, 'a'), null);
    const second = b.writeInSteps(open(b, '/f'), Buffer.alloc(size, 'b'), 0);
    first.next();
    assert.equal(readAll(a, '/f').length, STEP_BYTES);
    second.next();
    const between = readAll(a, '/f');
    assert.equal(between.length, size);
    assert.equal(between[0], 'b');
    assert.equal(between.at(-1), 'a');
    while (first.next().done !== true);
    while (second.next().done !== true);
    assert.equal(readAll(a, '/f'), 'b'.repeat(size));
  });

  test('rm of a tree removes a name at a time, and minds what is put in meanwhile', async () => {
    await fs.mkdir('/d/sub', { recursive: true });
    await fs.writeFile('/d/f', '');
    const hook = new ManualHook();
    const removing = memoryPromises(b, hook).rm('/d', { recursive: true });
    hook.step(0);
    hook.step(0);
    hook.step(0);
    assert.deepEqual(await fs.readdir('/d'), ['sub']);
    await fs.writeFile('/d/late', '');
    hook.finish(0);
    await assert.rejects(removing, { code: 'ENOTEMPTY', syscall: 'rmdir', path: '/d' });
    assert.deepEqual(await fs.readdir('/d'), ['late']);
  });
});

describe('a fork', () => {
  test('has the same content, and neither sees what the other does later', async () => {
    await fs.mkdir('/d');
    await fs.writeFile('/d/f', 'before');
    const copy = disk.fork();
    assert.equal(fingerprint(copy), fingerprint(disk));
    const other = memoryPromises(new MemoryFs(copy), atOnce);
    await fs.appendFile('/d/f', ' here');
    await other.writeFile('/d/f', 'there');
    await other.writeFile('/d/g', 'new');
    await fs.rename('/d/f', '/d/h');
    assert.deepEqual(await fs.readdir('/d'), ['h']);
    assert.deepEqual(await other.readdir('/d'), ['f', 'g']);
    assert.equal(await fs.readFile('/d/h', 'utf8'), 'before here');
    assert.equal(await other.readFile('/d/f', 'utf8'), 'there');
  });

  test('has no file open and no lock', () => {
    const fd = open(a, '/f');
    a.tryLock(fd);
    const other = new MemoryFs(disk.fork());
    assert.equal(other.tryLock(open(other, '/f')), true);
    assert.equal(a.tryLock(fd), true);
  });
});

/** Lets a test decide when each step happens. */
class ManualHook implements FsHook {
  readonly #calls: {
    readonly name: string;
    readonly steps: Steps;
    readonly resolve: (value: unknown) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  get pending(): string[] {
    return this.#calls.map(({ name }) => name);
  }

  async({ name }: { name: string }, steps: Steps): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#calls.push({ name, steps, resolve, reject });
    return promise;
  }

  sync(_call: unknown, perform: () => unknown): unknown {
    return perform();
  }

  /** Whether the call has ended. */
  step(index: number): boolean {
    const call = this.#calls[index];
    assert.ok(call, 'there is such a call');
    try {
      const { done, value } = call.steps.next();
      if (done !== true) return false;
      call.resolve(value);
    } catch (error) {
      call.reject(error);
    }
    this.#calls.splice(index, 1);
    return true;
  }

  finish(index: number): void {
    while (!this.step(index));
  }
}
