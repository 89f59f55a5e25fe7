import { resolve } from 'node:path';
import {
  type Arguments,
  modeArgument,
  optionsArgument,
  pathArgument,
  readArguments,
  textAnswer,
  timeArgument,
  vectorArguments,
} from './call-arguments.ts';
import type { Disk } from './disk.ts';
import { fsError } from './fs-error.ts';
import type { MemoryFs } from './memory-fs.ts';
import {
  access,
  change,
  find,
  link,
  lookup,
  mkdtemp,
  readlink,
  realpath,
  rename,
  rmdir,
  symlink,
  unlink,
} from './namespace.ts';
import { openFlags } from './open-flags.ts';
import { statsOf } from './stats.ts';
import type { Follow } from './walk.ts';

/** A call that others see happen at once, by its arguments without a callback. */
export type SystemCall = (fs: MemoryFs, args: Arguments) => unknown;

/** By name; `read` and its like answer what a handle does, for all styles. */
export const systemCalls: Readonly<Record<string, SystemCall>> = {
  access: (fs, [path, mode]) => access(fs.disk, pathArgument(path), modeArgument(mode, 0)),
  chmod: (fs, [path, mode]) =>
    change(fs.disk, pathArgument(path), 'always', 'chmod', { mode: modeArgument(mode, 0) }),
  chown: (fs, args) => changeOwner(fs.disk, args, 'always', 'chown'),
  close: (fs, [fd]) => fs.close(Number(fd)),
  exists: (fs, [path]) => typeof find(fs.disk, pathArgument(path), 'always') !== 'string',
  fchmod: (fs, [fd, mode]) => fs.change(Number(fd), 'fchmod', { mode: modeArgument(mode, 0) }),
  fchown: (fs, [fd, uid, gid]) =>
    fs.change(Number(fd), 'fchown', { uid: Number(uid), gid: Number(gid) }),
  fdatasync: (fs, [fd]) => fs.sync(Number(fd), 'fdatasync'),
  fstat: (fs, [fd, options]) => statsOf(fs.inode(Number(fd), 'fstat'), options),
  fsync: (fs, [fd]) => fs.sync(Number(fd), 'fsync'),
  ftruncate: (fs, [fd, size]) => fs.ftruncate(Number(fd), modeArgument(size, 0)),
  futimes: (fs, [fd, atime, mtime]) =>
    fs.change(Number(fd), 'futime', {
      atimeMs: timeArgument(atime),
      mtimeMs: timeArgument(mtime),
    }),
  lchown: (fs, args) => changeOwner(fs.disk, args, 'slash', 'lchown'),
  link: (fs, [from, to]) => link(fs.disk, pathArgument(from), pathArgument(to)),
  lstat: (fs, [path, options]) => stat(fs, path, 'slash', 'lstat', options),
  lutimes: (fs, args) => changeTimes(fs.disk, args, 'slash', 'lutime'),
  mkdtemp: (fs, [prefix, options]) =>
    textAnswer(mkdtemp(fs.disk, pathArgument(prefix, 'prefix')), options),
  open: (fs, [path, flags, mode]) =>
    fs.open(pathArgument(path), openFlags(flags), modeArgument(mode, 0o666)),
  read: (fs, [fd, ...args]) => {
    const { bytes, buffer, position } = readArguments(args);
    // Node does not ask the system for nothing.
    const count = bytes.byteLength === 0 ? 0 : fs.read(Number(fd), bytes, position);
    return { bytesRead: count, buffer };
  },
  readlink: (fs, [path, options]) => textAnswer(readlink(fs.disk, pathArgument(path)), options),
  readv: (fs, [fd, ...args]) => ({ bytesRead: readv(fs, Number(fd), args), buffers: args[0] }),
  realpath: (fs, [path, options]) => textAnswer(realpath(fs.disk, pathArgument(path)), options),
  rename: (fs, [from, to]) => rename(fs.disk, pathArgument(from), pathArgument(to)),
  rmdir: (fs, [path]) => rmdir(fs.disk, pathArgument(path)),
  stat: (fs, [path, options]) => stat(fs, path, 'always', 'stat', options),
  symlink: (fs, [target, path]) => symlink(fs.disk, linkText(target), pathArgument(path)),
  unlink: (fs, [path]) => unlink(fs.disk, pathArgument(path)),
  utimes: (fs, args) => changeTimes(fs.disk, args, 'always', 'utime'),
};

/** `statSync` and `lstatSync`, which can be told to be silent about what is missing. */
export function statQuietly(fs: MemoryFs, name: 'stat' | 'lstat', [path, options]: Arguments) {
  const inode = find(fs.disk, pathArgument(path), name === 'stat' ? 'always' : 'slash');
  const isQuiet = optionsArgument(options).throwIfNoEntry === false;
  if (isQuiet && (inode === 'ENOENT' || inode === 'ENOTDIR')) return undefined;
  return stat(fs, path, name === 'stat' ? 'always' : 'slash', name, options);
}

/**
 * `fs.realpath` and `fs.realpathSync`, which Node does by itself, a name at a time: `..` goes by
 * the text, and errors name the part that they came from.
 */
export function realpathByNames(disk: Disk, path: string): string {
  let names = resolve(path).split('/').filter(Boolean);
  let known = '';
  while (names.length > 0) {
    const [name = '', ...rest] = names;
    const at = `${known}/${name}`;
    const inode = lookup(disk, at, 'slash', 'lstat');
    if (inode.isSymlink) {
      lookup(disk, at, 'always', 'stat');
      names = resolve(known || '/', inode.target, ...rest)
        .split('/')
        .filter(Boolean);
      known = '';
    } else {
      known = at;
      names = rest;
    }
  }
  return known || '/';
}

/** The error of a call that the simulation does not have. */
export function notSimulated(name: string, path?: string): NodeJS.ErrnoException {
  return fsError('ENOSYS', name, path);
}

function stat(fs: MemoryFs, path: unknown, follow: Follow, syscall: string, options: unknown) {
  return statsOf(lookup(fs.disk, pathArgument(path), follow, syscall), options);
}

function changeOwner(disk: Disk, [path, uid, gid]: Arguments, follow: Follow, syscall: string) {
  change(disk, pathArgument(path), follow, syscall, { uid: Number(uid), gid: Number(gid) });
}

function changeTimes(disk: Disk, [path, atime, mtime]: Arguments, follow: Follow, name: string) {
  const attributes = { atimeMs: timeArgument(atime), mtimeMs: timeArgument(mtime) };
  change(disk, pathArgument(path), follow, name, attributes);
}

/** What a link says stays as it is: it may lead nowhere, or start from where the link is. */
function linkText(target: unknown): string {
  return typeof target === 'string' ? target : pathArgument(target, 'target');
}

function readv(fs: MemoryFs, fd: number, args: Arguments): number {
  const { views, position } = vectorArguments(args);
  let count = 0;
  for (const view of views) {
    const part = fs.read(fd, view, position === null ? null : position + count);
    count += part;
    if (part < view.byteLength) break;
  }
  return count;
}
