import type { OpenFile } from './open-file.ts';

/** Locks as flock(2) gives them: exclusive, and owned by an open file, not by a process. */
export class Flocks {
  readonly #holders = new Map<number, OpenFile>();
  /** Told of every inode that is free again: whoever waits for it may try. */
  onRelease: ((ino: number) => void) | undefined;

  /** Whether `file` holds the lock of its inode now; asking twice is no error. */
  tryLock(file: OpenFile): boolean {
    const holder = this.#holders.get(file.ino);
    if (holder !== undefined) return holder === file;
    this.#holders.set(file.ino, file);
    return true;
  }

  unlock(file: OpenFile): void {
    if (this.#holders.get(file.ino) !== file) return;
    this.#holders.delete(file.ino);
    this.onRelease?.(file.ino);
  }

  holder(ino: number): OpenFile | undefined {
    return this.#holders.get(ino);
  }
}
