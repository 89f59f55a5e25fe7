import { type BigIntStats, type Dirent, Dirent as DirentClass, Stats } from 'node:fs';
import type { Inode } from './inode.ts';

// No device has it: one that is on this disk cannot be taken for a real file.
const DEVICE = 0x51;
const BLOCK_BYTES = 4096;
const SECTOR_BYTES = 512;
const NS_PER_MS = 1_000_000n;

/** Fields of Node's `Stats`; its methods and dates come from the prototype that it is given below. */
class InodeStats {
  readonly dev = DEVICE;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev = 0;
  readonly blksize = BLOCK_BYTES;
  readonly ino: number;
  readonly size: number;
  readonly blocks: number;
  readonly atimeMs: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly birthtimeMs: number;

  constructor(inode: Inode) {
    this.mode = inode.mode;
    this.nlink = inode.nlink;
    this.uid = inode.uid;
    this.gid = inode.gid;
    this.ino = inode.ino;
    this.size = inode.isDirectory ? BLOCK_BYTES : inode.size;
    this.blocks = (Math.ceil(this.size / BLOCK_BYTES) * BLOCK_BYTES) / SECTOR_BYTES;
    this.atimeMs = inode.atimeMs;
    this.mtimeMs = inode.mtimeMs;
    this.ctimeMs = inode.ctimeMs;
    this.birthtimeMs = inode.birthtimeMs;
  }
}

// The constructor of Stats is deprecated, so what it makes can only be had by its prototype.
Object.setPrototypeOf(InodeStats.prototype, Stats.prototype);

/** What stat(2) says, as Node's `Stats` or with `bigint` as its `BigIntStats`. */
export function statsOf(inode: Inode, options: unknown): Stats | BigIntStats {
  const stats = new InodeStats(inode) as Stats;
  const isBig = (options as { bigint?: boolean } | undefined)?.bigint === true;
  return isBig ? inBigInts(stats) : stats;
}

function inBigInts(stats: Stats): BigIntStats {
  const times = ['atime', 'mtime', 'ctime', 'birthtime'] as const;
  const big: Record<string, unknown> = Object.create(Stats.prototype);
  for (const [name, value] of Object.entries(stats)) big[name] = BigInt(Math.floor(value));
  for (const time of times) {
    big[`${time}Ns`] = BigInt(Math.round(stats[`${time}Ms`] * 1000)) * (NS_PER_MS / 1000n);
    big[time] = stats[time];
  }
  for (const name of ['isFile', 'isDirectory', 'isSymbolicLink'] as const) {
    Object.defineProperty(big, name, { value: () => stats[name]() });
  }
  return big as unknown as BigIntStats;
}

const { UV_DIRENT_FILE, UV_DIRENT_DIR, UV_DIRENT_LINK } = {
  UV_DIRENT_FILE: 1,
  UV_DIRENT_DIR: 2,
  UV_DIRENT_LINK: 3,
};

/** An entry of a directory as `readdir` with types gives it. */
export function direntOf(name: string, inode: Inode, parentPath: string): Dirent {
  const type = inode.isDirectory
    ? UV_DIRENT_DIR
    : inode.isSymlink
      ? UV_DIRENT_LINK
      : UV_DIRENT_FILE;
  // Its declared type hides that the constructor takes the three.
  return Reflect.construct(DirentClass, [name, type, parentPath]);
}
