import { HoldfastError } from '../errors.ts';
import { monotonicMs } from './clock.ts';
import type { Engine, ReadOptions, WriteOptions } from './engine.ts';
import { fileSize } from './files.ts';
import { openLock, pause, type WriterLock } from './lock.ts';
import { retryBusy } from './retry.ts';
import type { Session } from './session.ts';
import type { Steps, Warm } from './steps.ts';
import { Writer } from './writer.ts';

/**
 * SQLite folds the log into the database every 1,000 pages and then writes it again from
 * its start, which is cheap because the file does not grow. Only when readers have kept it from
 * starting over, and it has passed this size, do we wait for a gap and truncate it.
 */
const WAL_LIMIT_BYTES = 16 * 1024 * 1024;

/** Looking at the size of the WAL costs a stat, so not at every commit or read. */
const COUNTS_PER_LOOK = 32;

/** After this long without a write, a WAL that is left is folded in and truncated. */
const REST_MS = 1000;

/** An odd epoch is looked into no more often than this: mostly it is a commit under way. */
const MIN_REPAIR_MS = 5;

/** How often `changes` looks at the epoch: 1.3 µs a look. */
const CHANGES_POLL_MS = 25;

function* nothing(): Steps<void> {}

/** An open store file. */
export class SqliteEngine implements Engine {
  readonly #session: Session;
  readonly #budgetMs: number;
  #writing: { readonly writer: Writer; readonly lock: WriterLock } | undefined;
  #closing: Promise<void> | undefined;
  #commits = 0;
  #rest: NodeJS.Timeout | undefined;
  #reads = 0;
  #checkpointDue = false;
  #repairedAt = Number.NEGATIVE_INFINITY;

  constructor(session: Session, budgetMs: number) {
    this.#session = session;
    this.#budgetMs = budgetMs;
  }

  async read<T>(body: () => Steps<T>, options: ReadOptions = {}): Promise<T> {
    this.#requireOpen();
    const deadline = monotonicMs() + this.#budgetMs;
    const result = await retryBusy(
      deadline,
      () => {
        this.#requireOpen();
        return this.#session.read(body);
      },
      options.signal,
    );
    this.#afterRead();
    return result;
  }

  /** Not an async function: that would make a second promise for each write. */
  write<T>(body: () => Steps<T>, options: WriteOptions = {}): Promise<T> {
    const { lockTimeoutMs = this.#budgetMs, signal } = options;
    let writer: Writer;
    try {
      this.#requireOpen();
      signal?.throwIfAborted();
      writer = this.#openWriter();
    } catch (error) {
      return Promise.reject(error);
    }
    return writer.enqueue(body, lockTimeoutMs, signal);
  }

  peek<T>(warm: Warm<T>): T | undefined {
    this.#requireOpen();
    return this.#session.peek(warm);
  }

  changes(signal?: AbortSignal): AsyncIterableIterator<void> {
    this.#requireOpen();
    return this.#changesSince(this.#session.readEpoch(), signal);
  }

  async *#changesSince(epochAtCall: number, signal?: AbortSignal): AsyncGenerator<void> {
    let seen = epochAtCall;
    while (!signal?.aborted && !this.#closing) {
      await pause(CHANGES_POLL_MS, signal);
      if (this.#closing) return;
      const epoch = this.#session.readEpoch();
      if (epoch === seen) continue;
      seen = epoch;
      yield;
    }
  }

  finishNow(budgetMs: number): boolean {
    return this.#writing?.writer.finishNow(budgetMs) ?? true;
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #finish(): Promise<void> {
    clearTimeout(this.#rest);
    await this.#writing?.writer.idle();
    clearTimeout(this.#rest);
    this.#session.close();
    this.#writing?.lock.close();
  }

  #requireOpen(): void {
    if (this.#closing) {
      throw new HoldfastError(
        'CLOSED',
        `${this.#session.files.database} was closed by this process`,
      );
    }
  }

  /** The lock file and the addon are first needed at the first write. */
  #openWriter(): Writer {
    if (!this.#writing) {
      const lock = openLock(this.#session.files.lock);
      const writer = new Writer(this.#session, lock, () => this.#afterBatch());
      this.#writing = { writer, lock };
    }
    return this.#writing.writer;
  }

  #afterBatch(): void {
    this.#commits += 1;
    if (this.#checkpointDue || this.#isLogLong(this.#commits)) this.#checkpoint();
    if (!this.#rest) this.#awaitRest();
  }

  /** One timer for many commits: moving it at each of them would cost more than this. */
  #awaitRest(): void {
    const commits = this.#commits;
    this.#rest = setTimeout(() => {
      if (this.#commits !== commits) return this.#awaitRest();
      this.#rest = undefined;
      this.#requestCheckpoint();
    }, REST_MS).unref();
  }

  /** A reader that is always busy would keep the log from ending: it lends a hand itself. */
  #afterRead(): void {
    this.#reads += 1;
    if (this.#session.wasUnsettled) this.#repairEpoch();
    if (this.#isLogLong(this.#reads)) this.#requestCheckpoint();
  }

  #isLogLong(count: number): boolean {
    return count % COUNTS_PER_LOOK === 0 && this.#walBytes() > WAL_LIMIT_BYTES;
  }

  #requestCheckpoint(): void {
    if (this.#closing || this.#checkpointDue || this.#walBytes() === 0) return;
    this.#checkpointDue = true;
    this.#chore();
  }

  /** An odd epoch while the lock is free: its writer died. An empty transaction makes it even. */
  #repairEpoch(): void {
    const now = monotonicMs();
    if (this.#closing || now - this.#repairedAt < MIN_REPAIR_MS) return;
    this.#repairedAt = now;
    this.#chore();
  }

  /**
   * Housekeeping, if the lock is free: whoever has it will do it as well. Nobody asked for it, so it
   * never waits: what is waited for might be granted while the caller blocks its thread, and would
   * then be held for so long.
   */
  #chore(): void {
    setImmediate(() => {
      try {
        if (!this.#closing) this.#openWriter().runIfFree(nothing);
      } catch {
        // Who may only read cannot do it. One that fails changes nothing; the next one tries again.
      } finally {
        this.#checkpointDue = false;
      }
    }).unref();
  }

  /** Under the lock. Folds in what readers allow, and truncates the log if none is in it. */
  #checkpoint(): void {
    const { connection } = this.#session;
    this.#checkpointDue = false;
    try {
      connection.scalar('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // The commits stand, whatever becomes of the log; a disk that fails shows at the next one.
    }
  }

  #walBytes(): number {
    return fileSize(this.#session.files.wal);
  }
}
