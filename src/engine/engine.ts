import type { Steps, Warm } from './steps.ts';

/**
 * How much a resolved write survives. `power`: loss of power (an fsync a commit). `process`: kill -9
 * of any process, but a loss of power may take the last moments.
 */
export type Durability = 'power' | 'process';

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions extends ReadOptions {
  /** Budget for both locks, in ms; the engine's own by default. */
  readonly lockTimeoutMs?: number | undefined;
}

/** One transaction mechanism for every store. SQLite implements it now. */
export interface Engine {
  /** Runs `body` against one snapshot. A body that writes fails. */
  read<T>(body: () => Steps<T>, options?: ReadOptions): Promise<T>;

  /**
   * Runs `body` in one transaction that no other writer overlaps, and resolves after its COMMIT.
   * A body that throws is rolled back alone.
   * @throws LOCK_TIMEOUT, COMMIT_UNKNOWN, DISK_FULL, READ_ONLY, CLOSED
   */
  write<T>(body: () => Steps<T>, options?: WriteOptions): Promise<T>;

  /** The value if it is current in this very moment across all processes, else undefined. */
  peek<T>(warm: Warm<T>): T | undefined;

  /** A hint that something may have changed, by any process. Never the truth: look. */
  changes(signal?: AbortSignal): AsyncIterableIterator<void>;

  /**
   * For handlers of the `exit` event, after which no promise is settled any more: commits what is
   * queued, blocking the thread. It waits for the writer lock for `budgetMs`, or longer where a
   * queued write has more than that left of its own budget. Answers whether nothing is left.
   */
  finishNow(budgetMs: number): boolean;

  /** Waits for what is queued, then closes. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The tables of a store and how they came about. */
export interface Schema {
  /** The version this code reads and writes. */
  readonly version: number;
  /**
   * Page size of a new SQLite file, 512 to 65,536, a power of two; 4,096 by default. Every page that
   * a commit touches is written whole, so small rows that change one by one want small pages.
   */
  readonly pageBytes?: number | undefined;
  /** The version found in the file; 0 when it holds nothing of this store. */
  found(): Steps<number>;
  /** From `from` to `version`. Its SQL is literal text that no import can change. */
  migrate(from: number): Steps<void>;
}
