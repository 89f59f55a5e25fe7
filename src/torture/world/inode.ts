import { constants } from 'node:fs';

const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK } = constants;

export const REGULAR = S_IFREG;
export const DIRECTORY = S_IFDIR;
export const SYMLINK = S_IFLNK;

const NO_BYTES = Buffer.alloc(0);
const NO_ENTRIES: Map<string, number> = new Map();

/**
 * A file, a directory or a symbolic link. Forks of a disk share inodes until one of them changes
 * one: then it makes itself a copy, which at first shares the content, and later not even that.
 */
export class Inode {
  /** The fork that may change it. */
  readonly owner: object;
  readonly ino: number;
  mode: number;
  nlink: number;
  uid = 0;
  gid = 0;
  atimeMs: number;
  mtimeMs: number;
  ctimeMs: number;
  readonly birthtimeMs: number;
  /** Bytes of a file, of what a link says, or 0. */
  size = 0;
  /** Of a symbolic link. */
  readonly target: string;
  /** Of a directory: the one that it is in. */
  parent = 0;
  #bytes = NO_BYTES;
  #entries = NO_ENTRIES;
  #isContentShared = true;

  constructor(owner: object, ino: number, mode: number, target: string, timeMs: number) {
    this.owner = owner;
    this.ino = ino;
    this.mode = mode;
    this.nlink = 0;
    this.target = target;
    this.atimeMs = timeMs;
    this.mtimeMs = timeMs;
    this.ctimeMs = timeMs;
    this.birthtimeMs = timeMs;
    if (target !== '') this.size = Buffer.byteLength(target);
  }

  copyFor(owner: object): Inode {
    const copy = new Inode(owner, this.ino, this.mode, this.target, this.birthtimeMs);
    copy.nlink = this.nlink;
    copy.uid = this.uid;
    copy.gid = this.gid;
    copy.atimeMs = this.atimeMs;
    copy.mtimeMs = this.mtimeMs;
    copy.ctimeMs = this.ctimeMs;
    copy.size = this.size;
    copy.parent = this.parent;
    copy.#bytes = this.#bytes;
    copy.#entries = this.#entries;
    return copy;
  }

  get isFile(): boolean {
    return (this.mode & S_IFMT) === S_IFREG;
  }

  get isDirectory(): boolean {
    return (this.mode & S_IFMT) === S_IFDIR;
  }

  get isSymlink(): boolean {
    return (this.mode & S_IFMT) === S_IFLNK;
  }

  get entries(): ReadonlyMap<string, number> {
    return this.#entries;
  }

  setEntry(name: string, ino: number): void {
    this.#ownEntries().set(name, ino);
  }

  deleteEntry(name: string): void {
    this.#ownEntries().delete(name);
  }

  /** The bytes themselves, not a copy: to be read at once. */
  slice(from: number, to: number): Buffer {
    return this.#bytes.subarray(from, Math.min(to, this.size));
  }

  /** Puts bytes in; a gap between the end and `offset` reads as zeros. */
  write(offset: number, data: Uint8Array): void {
    const end = offset + data.byteLength;
    this.#reserve(end);
    if (offset > this.size) this.#bytes.fill(0, this.size, offset);
    this.#bytes.set(data, offset);
    if (end > this.size) this.size = end;
  }

  truncate(size: number): void {
    if (size === 0) {
      this.#bytes = NO_BYTES;
      this.#isContentShared = true;
    } else if (size > this.size) {
      this.#reserve(size);
      this.#bytes.fill(0, this.size, size);
    }
    this.size = size;
  }

  #reserve(capacity: number): void {
    const isTooSmall = capacity > this.#bytes.length;
    if (!this.#isContentShared && !isTooSmall) return;
    // Appends come in rows, so what has grown once may do so again.
    const room = this.#bytes.length === 0 || !isTooSmall ? capacity : 2 * capacity;
    const bytes = Buffer.allocUnsafe(Math.max(room, this.size));
    this.#bytes.copy(bytes, 0, 0, this.size);
    this.#bytes = bytes;
    this.#isContentShared = false;
  }

  #ownEntries(): Map<string, number> {
    if (this.#isContentShared) {
      this.#entries = new Map(this.#entries);
      this.#isContentShared = false;
    }
    return this.#entries;
  }
}
