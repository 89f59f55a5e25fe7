import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { HoldfastError } from '../errors.ts';

export const EPOCH_BYTES = 8;

/** In the lock file, behind what its holder writes: one read under the lock brings both. */
export const EPOCH_OFFSET = 16;

/** What `read` answers when there is no whole counter to read: odd, so nothing is served from it. */
export const NO_EPOCH = -1;

/**
 * The epoch: one counter, kept in the lock file, that moves with every commit of any process, so that a reader can
 * tell with one 8-byte read (about 1.3 µs) whether what it remembers is current. A seqlock:
 *
 *   offset 16 · 8 · counter, little-endian; odd while a commit is under way
 *
 * The writer, holding the writer lock, writes the next odd value before COMMIT and the next even
 * one after it. A commit becomes visible only between the two, so a reader that finds the same
 * even value before it begins its snapshot and after it has read cannot have seen another state
 * than that value's. A writer that dies in between leaves the counter odd: everybody reads the
 * database, correct and slower, until somebody repairs it under the lock.
 */
export class Epoch {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(EPOCH_BYTES);
  readonly #words = new Uint32Array(this.#buffer.buffer, this.#buffer.byteOffset, 2);

  /** Throws ENOENT when the file is absent and `create` is false. Create it under the lock. */
  constructor(file: string, create: boolean) {
    const flags = constants.O_RDWR | (create ? constants.O_CREAT : 0);
    this.#fd = openSync(file, flags, 0o600);
    if (create && fstatSync(this.#fd).size < EPOCH_OFFSET + EPOCH_BYTES) this.write(firstOdd());
  }

  /** The counter, or NO_EPOCH when the file is too short to hold one. */
  read(): number {
    // A short read leaves the rest of the buffer as it was: it must not be taken for a value.
    const bytes = readSync(this.#fd, this.#buffer, 0, EPOCH_BYTES, EPOCH_OFFSET);
    return bytes === EPOCH_BYTES ? decodeEpoch(this.#words, 0) : NO_EPOCH;
  }

  /**
   * Only under the writer lock.
   * @throws DISK_FULL, IO_ERROR
   */
  write(value: number): void {
    this.#words[0] = value >>> 0;
    this.#words[1] = Math.floor(value / 2 ** 32);
    try {
      writeSync(this.#fd, this.#buffer, 0, EPOCH_BYTES, EPOCH_OFFSET);
    } catch (error) {
      const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
      const message = `cannot write the epoch: ${(error as Error).message}`;
      throw new HoldfastError(full ? 'DISK_FULL' : 'IO_ERROR', message, { cause: error });
    }
  }

  /** Whether the file was deleted or replaced: then this descriptor tells nothing any more. */
  isDetached(): boolean {
    return fstatSync(this.#fd).nlink === 0;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** The counter in two 32-bit words, the lower first. */
export function decodeEpoch(words: Uint32Array, index: number): number {
  return wordAt(words, index) + wordAt(words, index + 1) * 2 ** 32;
}

function wordAt(words: Uint32Array, index: number): number {
  return words[index] ?? 0;
}

/** Whether a value read from the file is one that a cache may stand at. */
export function isSettled(epoch: number): boolean {
  return epoch >= 0 && epoch % 2 === 0;
}

/** The odd value to write before a COMMIT. */
export function nextOdd(epoch: number): number {
  return epoch < 0 ? firstOdd() : epoch % 2 === 0 ? epoch + 1 : epoch + 2;
}

/**
 * Where a counter starts that was lost. Another process may remember values of the one before, so
 * it must not come by them again: 2,048 a ms is faster than any store commits, and stays below
 * 2^53 until 2109.
 */
function firstOdd(): number {
  return Date.now() * 2048 + 1;
}
