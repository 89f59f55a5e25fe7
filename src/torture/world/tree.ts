import { createHash } from 'node:crypto';
import { type Disk, ROOT } from './disk.ts';
import type { Inode } from './inode.ts';

/** Every path of a disk with its inode, a directory before what is in it, names in order. */
export function* pathsOf(disk: Disk, directory = '', ino = ROOT): Generator<[string, Inode]> {
  const entries = [...disk.inode(ino).entries].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, entry] of entries) {
    const inode = disk.inode(entry);
    const path = `${directory}/${name}`;
    yield [path, inode];
    if (inode.isDirectory) yield* pathsOf(disk, path, entry);
  }
}

/** Equal for disks on which everything reads the same, times and modes apart. */
export function fingerprint(disk: Disk): string {
  const hash = createHash('sha256');
  for (const [path, inode] of pathsOf(disk)) {
    const kind = inode.isDirectory ? 'd' : inode.isSymlink ? 'l' : 'f';
    hash.update(`${path}\0${kind}${inode.size} ${inode.target}\0`);
    if (inode.isFile) hash.update(inode.slice(0, inode.size));
  }
  return hash.digest('base64');
}
