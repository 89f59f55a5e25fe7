import type { Disk } from './disk.ts';
import { ROOT } from './disk.ts';
import type { Errno } from './fs-error.ts';
import type { Inode } from './inode.ts';

/** Where a path leads: an entry of a directory, there or not. */
export interface Place {
  readonly parent: Inode;
  readonly name: string;
  readonly inode: Inode | undefined;
  /** Whether the path says that it must be a directory. */
  readonly hasSlash: boolean;
  /** Whether it ends in a name, and not in `.`, `..` or nothing. */
  readonly isName: boolean;
}

/**
 * What a call makes of a symbolic link at the end of its path: `never` for those that change
 * names, `slash` for those that look at the link itself unless the path ends in `/`.
 */
export type Follow = 'always' | 'slash' | 'never';

// Linux's limits, in bytes; a path's includes the zero at its end.
const NAME_MAX = 255;
const PATH_MAX = 4096;
const LINKS_MAX = 40;

/** The place of an absolute path, or the error that keeps the walk from it. */
export function walk(disk: Disk, path: string, follow: Follow): Place | Errno {
  if (path === '') return 'ENOENT';
  if (path.length * 3 >= PATH_MAX && Buffer.byteLength(path) >= PATH_MAX) return 'ENAMETOOLONG';
  let names = namesOf(path);
  let hasSlash = path.endsWith('/');
  let links = 0;
  let at = disk.inode(ROOT);
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] as string;
    if (!at.isDirectory) return 'ENOTDIR';
    const isLast = index === names.length - 1;
    if (name === '.' || name === '..') {
      if (name === '..') at = disk.inode(at.parent);
      if (isLast) return { parent: at, name, inode: at, hasSlash, isName: false };
      continue;
    }
    if (name.length * 3 > NAME_MAX && Buffer.byteLength(name) > NAME_MAX) return 'ENAMETOOLONG';
    const ino = at.entries.get(name);
    if (ino === undefined) {
      if (!isLast) return 'ENOENT';
      return { parent: at, name, inode: undefined, hasSlash, isName: true };
    }
    const inode = disk.inode(ino);
    const isFollowed = !isLast || follow === 'always' || (follow === 'slash' && hasSlash);
    if (inode.isSymlink && isFollowed) {
      links += 1;
      if (links > LINKS_MAX) return 'ELOOP';
      if (inode.target.startsWith('/')) at = disk.inode(ROOT);
      if (isLast && inode.target.endsWith('/')) hasSlash = true;
      names = [...namesOf(inode.target), ...names.slice(index + 1)];
      index = -1;
      continue;
    }
    if (isLast) return { parent: at, name, inode, hasSlash, isName: true };
    at = inode;
  }
  return { parent: at, name: '', inode: at, hasSlash, isName: false };
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}
