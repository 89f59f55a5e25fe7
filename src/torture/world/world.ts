import type { FileHandle } from 'node:fs/promises';

/** `node:fs/promises`, or what stands in for it. */
export type FileSystem = typeof import('node:fs/promises');

/**
 * What a store can ask of the machine. In threads and processes it is the real machine; in mode
 * interleave a simulated one, of which the rig decides what happens when. A store that takes its
 * files and its clock from here behaves in both as it would in production.
 */
export interface World {
  readonly fs: FileSystem;
  /** Epoch ms. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /**
   * Waits for the exclusive lock of a file (flock of Unix: it belongs to the open file, and goes
   * when that is closed or its process dies).
   */
  lock(file: FileHandle): Promise<void>;
  /** The same without waiting: whether it was got. */
  tryLock(file: FileHandle): boolean;
  unlock(file: FileHandle): void;
  /**
   * The same object, each call of a method of which may be held up by the rig, before it begins and
   * before it is answered: for state in memory, and for handles that the rig knows nothing of.
   * Methods then answer promises.
   */
  instrument<T extends object>(handle: T): Awaiting<T>;
}

/** An object whose methods all answer promises. */
export type Awaiting<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : T[K];
};
