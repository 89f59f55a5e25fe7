import type { Attributes, Disk } from './disk.ts';
import { fsError } from './fs-error.ts';
import { type FsFault, type FsFaults, type Need, partOf } from './fs-faults.ts';
import type { Inode } from './inode.ts';
import { mkdir, openInode, wouldCreate } from './namespace.ts';
import { OpenFile } from './open-file.ts';

/** Descriptors begin here, so that they are told from real ones. */
export const FIRST_DESCRIPTOR = 1_000_000;

/**
 * Bytes that are read or written before others may act: small enough that a file of some hundred
 * KiB is seen half written, large enough that one of a few pages costs a single step.
 */
export const STEP_BYTES = 65_536;

/** The usual one; the real process's would make a run depend on who started it. */
const UMASK = 0o022;

/** Files live in memory, in one buffer. */
const SIZE_MAX = 2 ** 31;

/** What one simulated process has of a disk: its open files. Paths are absolute. */
export class MemoryFs {
  /** Asked about system calls that may fail for want of room, a descriptor or a sound disk. */
  faults: FsFaults | undefined;
  readonly #disk: Disk;
  readonly #files: (OpenFile | undefined)[] = [];
  #isAlive = true;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** @throws Error once the process was killed: it does nothing more. */
  get disk(): Disk {
    if (!this.#isAlive) throw new Error('a call of a process that was killed');
    return this.#disk;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get openDescriptors(): number[] {
    return [...this.#files.keys()]
      .filter((slot) => this.#files[slot] !== undefined)
      .map((slot) => slot + FIRST_DESCRIPTOR);
  }

  /**
   * As SIGKILL: its files are closed, its locks free, and what a write in steps has not written yet
   * stays unwritten. What it wrote before is there.
   */
  kill(): void {
    for (const fd of this.openDescriptors) this.close(fd);
    this.#isAlive = false;
  }

  open(path: string, flags: number, mode: number): number {
    const { disk } = this;
    if (this.faults !== undefined) this.#meetOpen(path, flags);
    const { ino } = openInode(disk, path, flags, mode & ~UMASK);
    disk.retain(ino);
    const slot = this.#freeSlot();
    this.#files[slot] = new OpenFile(ino, flags, path);
    return slot + FIRST_DESCRIPTOR;
  }

  close(fd: number): void {
    const file = this.file(fd, 'close');
    this.#files[fd - FIRST_DESCRIPTOR] = undefined;
    this.#disk.abandonWrites(file);
    this.#disk.release(file.ino);
    this.#disk.flocks.unlock(file);
  }

  file(fd: number, syscall: string): OpenFile {
    const file = this.#files[fd - FIRST_DESCRIPTOR];
    if (file === undefined) throw fsError('EBADF', syscall);
    return file;
  }

  inode(fd: number, syscall: string): Inode {
    return this.disk.inode(this.file(fd, syscall).ino);
  }

  /** The path that it was opened by; undefined when it is not open. */
  pathOf(fd: number): string | undefined {
    return this.#files[fd - FIRST_DESCRIPTOR]?.path;
  }

  /** Reads into `target`, from a position or, with null, from where the last call ended. */
  read(fd: number, target: Uint8Array, position: number | null): number {
    const file = this.file(fd, 'read');
    if (!file.canRead) throw fsError('EBADF', 'read');
    if (this.disk.inode(file.ino).isDirectory) throw fsError('EISDIR', 'read');
    if (this.faults !== undefined) this.#meet('read', file.path, ['data']);
    const count = this.disk.read(file.ino, position ?? file.position, target);
    if (position === null) file.position += count;
    return count;
  }

  /** How many bytes it wrote: all of them, unless a fault is in the way. */
  write(fd: number, data: Uint8Array, position: number | null): number {
    const steps = this.writeInSteps(fd, data, position);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** `write`, between the steps of which other processes see it half done. */
  *writeInSteps(fd: number, data: Uint8Array, position: number | null): Generator<void, number> {
    const file = this.file(fd, 'write');
    if (!file.canWrite) throw fsError('EBADF', 'write');
    const fault = this.faults && this.#fault('write', file.path, ['data', 'space']);
    const part = fault ? partOf(data, fault) : data;
    if (part.byteLength > 0) {
      const offset = this.#offsetOf(file, position);
      if (offset + part.byteLength > SIZE_MAX) throw fsError('EFBIG', 'write');
      if (position === null) file.position = offset + part.byteLength;
      if (part.byteLength <= STEP_BYTES) this.disk.write(file.ino, offset, part);
      else {
        const step = this.disk.writeInSteps(file, offset, part, STEP_BYTES);
        while (!step()) yield;
      }
    }
    if (fault?.code !== undefined) throw fsError(fault.code, 'write');
    return part.byteLength;
  }

  ftruncate(fd: number, size: number): void {
    const file = this.file(fd, 'ftruncate');
    const inode = this.disk.inode(file.ino);
    if (!file.canWrite || !inode.isFile) throw fsError('EINVAL', 'ftruncate');
    if (size > SIZE_MAX) throw fsError('EFBIG', 'ftruncate');
    if (size > inode.size && this.faults !== undefined) {
      this.#meet('ftruncate', file.path, ['space']);
    }
    this.disk.truncate(file.ino, Math.max(0, size));
  }

  sync(fd: number, syscall: 'fsync' | 'fdatasync'): void {
    const file = this.file(fd, syscall);
    if (this.faults !== undefined) this.#meet(syscall, file.path, ['data']);
    this.disk.sync(file.ino, syscall === 'fdatasync');
  }

  change(fd: number, syscall: string, attributes: Attributes): void {
    this.disk.change(this.file(fd, syscall).ino, attributes);
  }

  mkdir(path: string, mode: number): void {
    if (this.faults !== undefined) this.#meet('mkdir', path, ['space']);
    mkdir(this.disk, path, mode & ~UMASK);
  }

  /** Whether it holds the exclusive lock (flock) of the file now. */
  tryLock(fd: number): boolean {
    return this.disk.flocks.tryLock(this.file(fd, 'flock'));
  }

  unlock(fd: number): void {
    this.disk.flocks.unlock(this.file(fd, 'flock'));
  }

  #freeSlot(): number {
    let slot = 0;
    while (this.#files[slot] !== undefined) slot += 1;
    return slot;
  }

  #offsetOf(file: OpenFile, position: number | null): number {
    // Linux appends even where pwrite names a position.
    return file.isAppend ? this.disk.sizeToAppend(file.ino) : (position ?? file.position);
  }

  #meetOpen(path: string, flags: number): void {
    const isNew = wouldCreate(this.disk, path, flags);
    this.#meet('open', path, isNew ? ['descriptor', 'space'] : ['descriptor']);
  }

  #fault(name: string, path: string, needs: readonly Need[]): FsFault | undefined {
    return this.faults?.faultOf({ name, path, style: 'async' }, needs);
  }

  #meet(name: string, path: string, needs: readonly Need[]): void {
    const code = this.#fault(name, path, needs)?.code;
    if (code === undefined) return;
    const hasPath = name === 'open' || name === 'mkdir';
    throw hasPath ? fsError(code, name, path) : fsError(code, name);
  }
}
