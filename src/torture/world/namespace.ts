import { constants } from 'node:fs';
import type { Attributes, Disk } from './disk.ts';
import { type Errno, fsError } from './fs-error.ts';
import { DIRECTORY, type Inode, REGULAR, SYMLINK } from './inode.ts';
import { type Follow, type Place, walk } from './walk.ts';

// The calls of POSIX that take absolute paths. The order of their checks is Linux's, for a path may
// deserve several errors.

const { O_CREAT, O_EXCL, O_TRUNC, O_DIRECTORY, O_NOFOLLOW, O_WRONLY, O_RDWR } = constants;
const { X_OK } = constants;

/** What open(2) finds or makes. */
export function openInode(disk: Disk, path: string, flags: number, mode: number): Inode {
  const isExclusive = (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL);
  const isFollowed = !isExclusive && (flags & O_NOFOLLOW) === 0;
  const fail = (code: Errno) => fsError(code, 'open', path);
  if ((flags & O_CREAT) !== 0 && path.endsWith('/')) {
    if (locate(disk, path, 'never', 'open').isName) throw fail('EISDIR');
  }
  const place = locate(disk, path, isFollowed ? 'always' : 'never', 'open');
  const { inode } = place;
  if (inode === undefined) {
    if ((flags & O_CREAT) === 0) throw fail('ENOENT');
    return makeEntry(disk, place, REGULAR | (mode & 0o7777));
  }
  if (isExclusive) throw fail('EEXIST');
  if (inode.isSymlink) throw fail('ELOOP');
  if (inode.isDirectory) {
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) !== 0) throw fail('EISDIR');
    return inode;
  }
  if (place.hasSlash || (flags & O_DIRECTORY) !== 0) throw fail('ENOTDIR');
  if ((flags & O_TRUNC) !== 0) disk.truncate(inode.ino, 0);
  return inode;
}

/** Whether open(2) would have to make a file. */
export function wouldCreate(disk: Disk, path: string, flags: number): boolean {
  if ((flags & O_CREAT) === 0) return false;
  const place = walk(disk, path, 'always');
  return typeof place !== 'string' && place.inode === undefined;
}

export function lookup(disk: Disk, path: string, follow: Follow, syscall: string): Inode {
  const inode = find(disk, path, follow);
  if (typeof inode === 'string') throw fsError(inode, syscall, path);
  return inode;
}

/** The same without an error being made: a cheap way to ask. */
export function find(disk: Disk, path: string, follow: Follow): Inode | Errno {
  const place = walk(disk, path, follow);
  if (typeof place === 'string') return place;
  const { inode, hasSlash } = place;
  if (inode === undefined) return 'ENOENT';
  return hasSlash && !inode.isDirectory ? 'ENOTDIR' : inode;
}

export function access(disk: Disk, path: string, mode: number): void {
  const inode = lookup(disk, path, 'always', 'access');
  // What even root may not: run a file that nobody may run.
  if ((mode & X_OK) !== 0 && inode.isFile && (inode.mode & 0o111) === 0) {
    throw fsError('EACCES', 'access', path);
  }
}

export function mkdir(disk: Disk, path: string, mode: number, syscall = 'mkdir'): void {
  const place = locate(disk, path, 'never', syscall);
  if (place.inode !== undefined) throw fsError('EEXIST', syscall, path);
  makeEntry(disk, place, DIRECTORY | (mode & 0o1777));
}

/** A directory whose name begins with `prefix`; answers its path. */
export function mkdtemp(disk: Disk, prefix: string): string {
  for (;;) {
    const path = prefix + disk.tempName();
    const place = locate(disk, path, 'never', 'mkdtemp');
    if (place.inode !== undefined) continue;
    makeEntry(disk, place, DIRECTORY | 0o700);
    return path;
  }
}

export function symlink(disk: Disk, target: string, path: string): void {
  const place = walk(disk, path, 'never');
  const fail = (code: Errno) => fsError(code, 'symlink', target, path);
  if (target === '') throw fail('ENOENT');
  if (typeof place === 'string') throw fail(place);
  if (place.inode !== undefined) throw fail('EEXIST');
  if (place.hasSlash) throw fail('ENOENT');
  makeEntry(disk, place, SYMLINK | 0o777, target);
}

export function link(disk: Disk, from: string, to: string): void {
  const fail = (code: Errno) => fsError(code, 'link', from, to);
  const inode = find(disk, from, 'slash');
  if (typeof inode === 'string') throw fail(inode);
  const place = walk(disk, to, 'never');
  if (typeof place === 'string') throw fail(place);
  if (place.inode !== undefined) throw fail('EEXIST');
  if (place.hasSlash) throw fail('ENOENT');
  if (inode.isDirectory) throw fail('EPERM');
  disk.link(place.parent.ino, place.name, inode.ino);
}

export function readlink(disk: Disk, path: string): string {
  const inode = lookup(disk, path, 'slash', 'readlink');
  if (!inode.isSymlink) throw fsError('EINVAL', 'readlink', path);
  return inode.target;
}

export function unlink(disk: Disk, path: string): void {
  const place = locate(disk, path, 'never', 'unlink');
  const { inode } = place;
  if (inode === undefined) throw fsError('ENOENT', 'unlink', path);
  if (inode.isDirectory) throw fsError('EISDIR', 'unlink', path);
  if (place.hasSlash) throw fsError('ENOTDIR', 'unlink', path);
  disk.unlink(place.parent.ino, place.name);
}

export function rmdir(disk: Disk, path: string): void {
  const place = locate(disk, path, 'never', 'rmdir');
  const { inode } = place;
  const fail = (code: Errno) => fsError(code, 'rmdir', path);
  if (!place.isName) throw fail(codeOfRmdir(place.name));
  if (inode === undefined) throw fail('ENOENT');
  if (!inode.isDirectory) throw fail('ENOTDIR');
  if (inode.entries.size > 0) throw fail('ENOTEMPTY');
  disk.unlink(place.parent.ino, place.name);
}

export function rename(disk: Disk, from: string, to: string): void {
  const fail = (code: Errno) => fsError(code, 'rename', from, to);
  const old = walk(disk, from, 'never');
  if (typeof old === 'string') throw fail(old);
  const target = walk(disk, to, 'never');
  if (typeof target === 'string') throw fail(target);
  if (!old.isName || !target.isName) throw fail('EBUSY');
  const { inode } = old;
  if (inode === undefined) throw fail('ENOENT');
  if (!inode.isDirectory && (old.hasSlash || target.hasSlash)) throw fail('ENOTDIR');
  if (isWithin(disk, target.parent, inode)) throw fail('EINVAL');
  const replaced = target.inode;
  if (replaced !== undefined) {
    if (isWithin(disk, old.parent, replaced)) throw fail('ENOTEMPTY');
    if (replaced === inode) return;
    if (inode.isDirectory && !replaced.isDirectory) throw fail('ENOTDIR');
    if (!inode.isDirectory && replaced.isDirectory) throw fail('EISDIR');
    if (replaced.entries.size > 0) throw fail('ENOTEMPTY');
  }
  disk.rename(old.parent.ino, old.name, target.parent.ino, target.name);
}

export function change(
  disk: Disk,
  path: string,
  follow: Follow,
  syscall: string,
  attributes: Attributes,
): void {
  disk.change(lookup(disk, path, follow, syscall).ino, attributes);
}

/** Entries by name, in the order of their bytes, as libuv gives them. */
export function readdir(disk: Disk, path: string, syscall = 'scandir'): [string, Inode][] {
  const inode = lookup(disk, path, 'always', syscall);
  if (!inode.isDirectory) throw fsError('ENOTDIR', syscall, path);
  return [...inode.entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, ino]) => [name, disk.inode(ino)]);
}

/** The path without links, `.` and `..`. */
export function realpath(disk: Disk, path: string): string {
  const inode = lookup(disk, path, 'always', 'realpath');
  if (inode.isDirectory) return realDirectory(disk, inode) || '/';
  const place = locate(disk, path, 'always', 'realpath');
  return `${realDirectory(disk, place.parent)}/${place.name}`;
}

/** Empty for the root. */
function realDirectory(disk: Disk, directory: Inode): string {
  let path = '';
  for (let at = directory; at.parent !== at.ino; at = disk.inode(at.parent)) {
    path = `/${nameIn(disk.inode(at.parent), at.ino)}${path}`;
  }
  return path;
}

function nameIn(parent: Inode, ino: number): string {
  for (const [name, entry] of parent.entries) if (entry === ino) return name;
  throw new RangeError(`inode ${ino} is not in its parent`);
}

function locate(disk: Disk, path: string, follow: Follow, syscall: string): Place {
  const place = walk(disk, path, follow);
  if (typeof place === 'string') throw fsError(place, syscall, path);
  return place;
}

function makeEntry(disk: Disk, place: Place, mode: number, target?: string): Inode {
  const inode = disk.create(mode, target);
  disk.link(place.parent.ino, place.name, inode.ino);
  return inode;
}

function codeOfRmdir(name: string): Errno {
  if (name === '.') return 'EINVAL';
  return name === '..' ? 'ENOTEMPTY' : 'EBUSY';
}

/** Whether `directory` is `ancestor` or somewhere below it. */
export function isWithin(disk: Disk, directory: Inode, ancestor: Inode): boolean {
  if (!ancestor.isDirectory) return false;
  let at = directory;
  while (at.ino !== ancestor.ino) {
    if (at.parent === at.ino) return false;
    at = disk.inode(at.parent);
  }
  return true;
}
