import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { wrongArgument } from '../../errors.ts';

/** Where something was in a directory, with `/` between names, and what stores look at besides. */
interface Entry {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly modifiedAtMs: number;
}

export interface FileImage extends Entry {
  readonly bytes: Buffer;
  /** Path of an earlier file of which this is another name (a hard link). */
  readonly linkOf?: string | undefined;
}

export interface SymlinkImage {
  readonly path: string;
  readonly target: string;
  readonly modifiedAtMs: number;
}

/** What was in a directory at one moment, in order of names. */
export interface DirectoryImage {
  readonly files: readonly FileImage[];
  readonly symlinks: readonly SymlinkImage[];
  /** The first is the directory itself, with an empty path. An empty one may be a lock. */
  readonly directories: readonly Entry[];
  /** Paths of sockets, pipes and devices, of which there can be no copy. */
  readonly others: readonly string[];
}

/** More than any store under test should need, and less than what hurts. */
const IMAGE_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Reads a directory with all that is in it, modes and times included. An entry that goes while it
 * is read is left out.
 * @throws RangeError when the files together are larger than `limitBytes`
 */
export function readImage(
  dir: string,
  { limitBytes = IMAGE_BYTES_MAX }: { readonly limitBytes?: number | undefined } = {},
): DirectoryImage {
  const files: FileImage[] = [];
  const symlinks: SymlinkImage[] = [];
  const directories: Entry[] = [];
  const others: string[] = [];
  /** First path of each file that has several names. */
  const named = new Map<string, string>();
  let leftBytes = limitBytes;

  const readFile = (path: string, at: string, stats: Stats) => {
    leftBytes -= stats.size;
    if (leftBytes < 0) {
      const message = `${dir}: its files are larger than the ${limitBytes} bytes of an image`;
      throw wrongArgument('range', `${message}, at ${path}`);
    }
    const bytes = readFileSync(at);
    const inode = `${stats.dev}:${stats.ino}`;
    const linkOf = stats.nlink > 1 ? named.get(inode) : undefined;
    if (stats.nlink > 1 && linkOf === undefined) named.set(inode, path);
    files.push({ ...entryOf(path, stats), bytes, ...(linkOf === undefined ? {} : { linkOf }) });
  };

  const visit = (path: string): void => {
    const at = join(dir, path);
    const stats = lstatSync(at);
    if (stats.isDirectory()) {
      directories.push(entryOf(path, stats));
      for (const name of readdirSync(at).sort()) {
        unlessGone(() => visit(path === '' ? name : `${path}/${name}`));
      }
    } else if (stats.isFile()) {
      readFile(path, at, stats);
    } else if (stats.isSymbolicLink()) {
      symlinks.push({ path, target: readlinkSync(at), modifiedAtMs: stats.mtimeMs });
    } else {
      others.push(path);
    }
  };
  visit('');
  return { files, symlinks, directories, others };
}

function entryOf(path: string, { mode, mtimeMs }: Stats): Entry {
  return { path, mode: mode & 0o7777, modifiedAtMs: mtimeMs };
}

function unlessGone(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/**
 * Makes `dir` exactly that image: what is not in it is removed. Every file is a new one, so a
 * handle that is still open on an old one changes nothing. The directory itself stays the same.
 */
export function writeImage(image: DirectoryImage, dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  emptyDirectory(dir);
  for (const { path } of image.directories) {
    if (path !== '') mkdirSync(join(dir, path), 0o700);
  }
  for (const file of image.files) writeFile(file, dir);
  for (const { path, target, modifiedAtMs } of image.symlinks) {
    symlinkSync(target, join(dir, path));
    lutimesSync(join(dir, path), modifiedAtMs / 1000, modifiedAtMs / 1000);
  }
  // Last and from the inside out: whatever is put into a directory changes its time.
  for (const { path, mode, modifiedAtMs } of image.directories.toReversed()) {
    utimesSync(join(dir, path), modifiedAtMs / 1000, modifiedAtMs / 1000);
    chmodSync(join(dir, path), mode);
  }
}

/** Creates one file of an image, where there is none of that name. */
export function writeFile(file: FileImage, dir: string): void {
  const at = join(dir, file.path);
  if (file.linkOf !== undefined) {
    linkSync(join(dir, file.linkOf), at);
    return;
  }
  const descriptor = openSync(at, 'wx', 0o600);
  try {
    writeFileSync(descriptor, file.bytes);
    fchmodSync(descriptor, file.mode);
    futimesSync(descriptor, file.modifiedAtMs / 1000, file.modifiedAtMs / 1000);
  } finally {
    closeSync(descriptor);
  }
}

function emptyDirectory(dir: string): void {
  // A store may have made it read-only.
  chmodSync(dir, 0o700);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const at = join(dir, entry.name);
    if (entry.isDirectory()) {
      emptyDirectory(at);
      rmdirSync(at);
    } else {
      unlinkSync(at);
    }
  }
}
