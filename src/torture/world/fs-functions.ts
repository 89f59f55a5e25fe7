import { promises } from 'node:fs';
import type { Arguments } from './call-arguments.ts';

/**
 * Where a function of `node:fs` takes its file from: a path, two of them, a link's text and its
 * path, a descriptor, or any of a path, a descriptor and a handle.
 */
export type Takes = 'path' | 'paths' | 'link' | 'fd' | 'file';

/** All functions that touch files, by the name that the styles share. Streams use these. */
export const fsFunctions: Readonly<Record<string, Takes>> = {
  access: 'path',
  appendFile: 'file',
  chmod: 'path',
  chown: 'path',
  close: 'fd',
  copyFile: 'paths',
  cp: 'paths',
  exists: 'path',
  fchmod: 'fd',
  fchown: 'fd',
  fdatasync: 'fd',
  fstat: 'fd',
  fsync: 'fd',
  ftruncate: 'fd',
  futimes: 'fd',
  glob: 'path',
  lchmod: 'path',
  lchown: 'path',
  link: 'paths',
  lstat: 'path',
  lutimes: 'path',
  mkdir: 'path',
  mkdtemp: 'path',
  mkdtempDisposable: 'path',
  open: 'path',
  openAsBlob: 'path',
  opendir: 'path',
  read: 'fd',
  readFile: 'file',
  readdir: 'path',
  readlink: 'path',
  readv: 'fd',
  realpath: 'path',
  rename: 'paths',
  rm: 'path',
  rmdir: 'path',
  stat: 'path',
  statfs: 'path',
  symlink: 'link',
  truncate: 'path',
  unlink: 'path',
  unwatchFile: 'path',
  utimes: 'path',
  watch: 'path',
  watchFile: 'path',
  write: 'fd',
  writeFile: 'file',
  writev: 'fd',
};

/** Those that answer at once what others answer later. */
export const withoutCallback: ReadonlySet<string> = new Set([
  'openAsBlob',
  'unwatchFile',
  'watch',
  'watchFile',
]);

/** Names of the functions of the promise API. */
export const promiseNames: readonly string[] = Object.entries(promises)
  .filter(([name, value]) => typeof value === 'function' && name in fsFunctions)
  .map(([name]) => name);

/** The arguments that name files: one, or two. */
export function filesOf(name: string, args: Arguments): readonly unknown[] {
  switch (fsFunctions[name]) {
    case 'paths':
      return [args[0], args[1]];
    case 'link':
      return [args[1]];
    default:
      return [args[0]];
  }
}
