import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { type DirectoryImage, readImage, writeImage } from './directory-image.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-image-'));
after(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function freshDirectory(): string {
  count += 1;
  const dir = join(root, `${count}`);
  mkdirSync(dir);
  return dir;
}

/** Times survive to the microsecond: seconds are a double on their way to the system. */
function comparable(image: DirectoryImage) {
  const rounded = <T extends { modifiedAtMs: number }>(entry: T) => ({
    ...entry,
    modifiedAtMs: Math.round(entry.modifiedAtMs * 100),
  });
  return {
    ...image,
    files: image.files.map(rounded),
    symlinks: image.symlinks.map(rounded),
    directories: image.directories.map(rounded),
  };
}

function assertSame(one: DirectoryImage, other: DirectoryImage): void {
  assert.deepEqual(comparable(one), comparable(other));
}

describe('image of a directory', () => {
  test('holds files, links, empty directories, modes and times, and gives them back', () => {
    const dir = freshDirectory();
    writeFileSync(join(dir, 'b.db'), Buffer.from([0, 255, 7]));
    mkdirSync(join(dir, 'a.lock'));
    mkdirSync(join(dir, 'deep/er'), { recursive: true });
    writeFileSync(join(dir, 'deep/er/ü.json'), '{}');
    chmodSync(join(dir, 'deep/er/ü.json'), 0o440);
    writeFileSync(join(dir, 'empty'), '');
    symlinkSync('nowhere/at all', join(dir, 'dangling'));
    linkSync(join(dir, 'b.db'), join(dir, 'z.db'));
    utimesSync(join(dir, 'a.lock'), 1_000_000, 1_000_000.25);
    chmodSync(join(dir, 'deep'), 0o750);

    const image = readImage(dir);
    assert.deepEqual(
      image.files.map(({ path }) => path),
      ['b.db', 'deep/er/ü.json', 'empty', 'z.db'],
    );
    assert.deepEqual(
      image.directories.map(({ path }) => path),
      ['', 'a.lock', 'deep', 'deep/er'],
    );
    const copy = join(freshDirectory(), 'not', 'there', 'yet');
    writeImage(image, copy);
    assertSame(readImage(copy), image);
    assert.deepEqual(readFileSync(join(copy, 'b.db')), Buffer.from([0, 255, 7]));
    assert.equal(statSync(join(copy, 'a.lock')).mtimeMs, 1_000_000_250);
    assert.equal(statSync(join(copy, 'deep/er/ü.json')).mode & 0o777, 0o440);
    assert.equal(statSync(join(copy, 'z.db')).ino, statSync(join(copy, 'b.db')).ino);
    assert.equal(lstatSync(join(copy, 'dangling')).isSymbolicLink(), true);
  });

  test('writing removes what is not in it, and follows no link out of the directory', () => {
    const outside = freshDirectory();
    writeFileSync(join(outside, 'precious'), 'x');
    const dir = freshDirectory();
    writeFileSync(join(dir, 'kept'), 'as it was');
    const image = readImage(dir);
    symlinkSync(outside, join(dir, 'way-out'));
    mkdirSync(join(dir, 'new/deep'), { recursive: true });
    writeFileSync(join(dir, 'new/deep/file'), 'x');
    chmodSync(join(dir, 'new'), 0o500);
    writeFileSync(join(dir, 'kept'), 'changed and longer');
    writeImage(image, dir);
    assertSame(readImage(dir), image);
    assert.equal(existsSync(join(outside, 'precious')), true);
  });

  test('a handle that is still open on the directory as it was changes nothing', () => {
    const dir = freshDirectory();
    writeFileSync(join(dir, 'log'), 'one\n');
    const image = readImage(dir);
    const handle = openSync(join(dir, 'log'), 'a');
    writeImage(image, dir);
    writeSync(handle, 'two\n');
    assert.equal(readFileSync(join(dir, 'log'), 'utf8'), 'one\n');
  });

  test('names a pipe instead of waiting for its writer', { skip: missing('mkfifo') }, () => {
    const dir = freshDirectory();
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    writeFileSync(join(dir, 'file'), 'x');
    const image = readImage(dir);
    assert.deepEqual(image.others, ['pipe']);
    assert.deepEqual(
      image.files.map(({ path }) => path),
      ['file'],
    );
  });

  test('refuses a directory that is too large before it reads it', () => {
    const dir = freshDirectory();
    writeFileSync(join(dir, 'small'), 'x');
    writeFileSync(join(dir, 'sparse'), '');
    truncateSync(join(dir, 'sparse'), 2 ** 40);
    assert.throws(() => readImage(dir), {
      name: 'RangeError',
      code: 'ARGUMENT_INVALID',
      message: /larger than the 268435456 bytes of an image, at sparse/,
    });
    rmSync(join(dir, 'sparse'));
    assert.equal(readImage(dir, { limitBytes: 1 }).files.length, 1);
    assert.throws(() => readImage(dir, { limitBytes: 0 }), RangeError);
  });

  test('a directory that is not there is an error', () => {
    assert.throws(() => readImage(join(root, 'nowhere')), { code: 'ENOENT' });
  });

  test('any tree comes back as it was, over any other tree', () => {
    const directories = fc.array(fc.constantFrom('x', 'y', ' '), { maxLength: 2 });
    const name = fc.constantFrom('a', 'journal-wal', 'ü', '-rf');
    const path = fc.tuple(directories, name).map(([above, file]) => [...above, file].join('/'));
    const tree = fc.dictionary(path, fc.uint8Array({ maxLength: 40 }), { maxKeys: 6 });
    const plant = (files: Readonly<Record<string, Uint8Array>>) => {
      const dir = freshDirectory();
      for (const [file, bytes] of Object.entries(files)) {
        mkdirSync(join(dir, file, '..'), { recursive: true });
        writeFileSync(join(dir, file), bytes);
      }
      return dir;
    };
    fc.assert(
      fc.property(tree, tree, (one, other) => {
        const image = readImage(plant(one));
        const dir = plant(other);
        writeImage(image, dir);
        assertSame(readImage(dir), image);
      }),
      { numRuns: 60 },
    );
  });

  test('a small directory is written in a few milliseconds of work', () => {
    const dir = freshDirectory();
    for (const path of ['store.db', 'store.db-wal', 'store.db-shm', 'lock']) {
      writeFileSync(join(dir, path), Buffer.alloc(32_768, 1));
    }
    const image = readImage(dir);
    const before = process.cpuUsage();
    for (let index = 0; index < 50; index += 1) writeImage(image, dir);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 50 * 5000, `${(user + system) / 50} µs each`);
    assert.equal(readdirSync(dir).length, 4);
  });
});

function missing(command: string): string | false {
  return spawnSync(command, ['--version']).error === undefined ? false : `there is no ${command}`;
}
