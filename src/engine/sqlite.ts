import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { HoldfastError } from '../errors.ts';
import { Connection } from './connection.ts';
import { SyncDriver } from './drive.ts';
import type { Durability, Engine, ReadOptions, Schema, WriteOptions } from './engine.ts';
import { nextOdd } from './epoch.ts';
import {
  createDatabaseFile,
  fileSize,
  type Host,
  prepareDirectory,
  requireLocal,
  requireSqlite,
  type StoreFiles,
  storeFiles,
  thisHost,
} from './files.ts';
import { lockTimeout, pause, WriterLock } from './lock.ts';
import { Session, wrongSchema } from './session.ts';
import { isBusy } from './sqlite-error.ts';
import type { Steps, Warm } from './steps.ts';
import { Writer } from './writer.ts';

/**
 * SQLite folds the log into the database every 1,000 pages (4 MiB) and then writes it again from
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

const DEFAULT_LOCK_TIMEOUT_MS = 5000;

export interface SqliteOptions {
  /** Absolute path of the database file, ending in `.db`. */
  readonly file: string;
  readonly schema: Schema;
  /** Default `power`. */
  readonly durability?: Durability | undefined;
  /** Default 5,000. */
  readonly lockTimeoutMs?: number | undefined;
  /** Default true; false refuses a missing file with STORE_MISSING. */
  readonly create?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What the host is, for tests. */
  readonly host?: Host | undefined;
}

/**
 * Opens a store file for any number of processes at once, and creates or migrates it under the
 * writer lock when needed.
 * @throws SQLITE_TOO_OLD, NETWORK_FILESYSTEM, UNSAFE_DIRECTORY, STORE_MISSING, NOT_A_STORE,
 * SCHEMA_TOO_NEW, LOCK_TIMEOUT, READ_ONLY
 */
export async function openSqlite(options: SqliteOptions): Promise<Engine> {
  const host = options.host ?? thisHost;
  requireSqlite(host);
  const files = storeFiles(options.file);
  const directory = dirname(files.database);
  if (options.create === false && !existsSync(files.database)) {
    throw new HoldfastError('STORE_MISSING', `there is no store at ${files.database}`);
  }
  prepareDirectory(directory);
  requireLocal(directory, host);
  const budgetMs = options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS;
  const durability = options.durability ?? 'power';
  const deadline = performance.now() + budgetMs;
  const session =
    (await openReady(files, options.schema, durability, deadline)) ??
    (await createOrMigrate(files, options, durability, deadline));
  return new SqliteEngine(session, budgetMs);
}

/** Opens a store that is there and up to date; no lock is needed for that. */
async function openReady(
  files: StoreFiles,
  schema: Schema,
  durability: Durability,
  deadline: number,
): Promise<Session | undefined> {
  if (fileSize(files.database) === 0) return undefined;
  return await retryBusy(deadline, () => {
    const session = new Session(files, schema, durability);
    let ready = false;
    try {
      ready = isReady(session);
      return ready ? session : undefined;
    } finally {
      if (!ready) session.close();
    }
  });
}

/** @throws SCHEMA_TOO_NEW */
function isReady({ connection, files, schema }: Session): boolean {
  if (connection.scalar('PRAGMA journal_mode') !== 'wal') return false;
  const found = new SyncDriver(connection, uncached).run(() => schema.found());
  if (found > schema.version) throw wrongSchema(files.database, found, schema);
  return found === schema.version;
}

/**
 * Concurrent first opens race on the switch to WAL (which can skip SQLite's busy handler) and on
 * the tables, so the writer lock comes first and everything else under it.
 */
async function createOrMigrate(
  files: StoreFiles,
  options: SqliteOptions,
  durability: Durability,
  deadline: number,
): Promise<Session> {
  const lock = openLock(files.lock);
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      if (!(await lock.acquire(deadline, options.signal))) {
        options.signal?.throwIfAborted();
        throw lockTimeout(lock, options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS, false);
      }
      try {
        return migrateUnderLock(files, options.schema, durability);
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (performance.now() > deadline) {
          throw lockTimeout(lock, options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS, true);
        }
      } finally {
        lock.release();
      }
      await pause(10, options.signal);
    }
  } finally {
    lock.close();
  }
}

function migrateUnderLock(files: StoreFiles, schema: Schema, durability: Durability): Session {
  createDatabaseFile(files.database);
  const session = new Session(files, schema, durability);
  const { connection } = session;
  try {
    connection.exec('PRAGMA journal_mode = WAL');
    connection.exec('BEGIN IMMEDIATE');
    connection.writable = true;
    const driver = new SyncDriver(connection, uncached);
    const found = driver.run(() => schema.found());
    if (found > schema.version) throw wrongSchema(files.database, found, schema);
    if (found < schema.version) driver.run(() => schema.migrate(found));
    const odd = nextOdd(session.readEpoch());
    session.writeEpoch(odd);
    connection.exec('COMMIT');
    session.writeEpoch(odd + 1);
    connection.writable = false;
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

/** Before a store is open there is nothing to remember. */
const uncached = { isCurrent: () => false };

/**
 * Runs `body` on a file as it is: nothing is created, migrated or repaired.
 * @throws NOT_A_STORE, STORE_MISSING
 */
export function inspectReadOnly<T>(file: string, body: () => Steps<T>): T {
  if (!existsSync(file)) throw new HoldfastError('STORE_MISSING', `there is no store at ${file}`);
  const connection = new Connection(file, { readOnly: true });
  try {
    connection.exec('PRAGMA trusted_schema = OFF');
    connection.exec('BEGIN');
    return new SyncDriver(connection, uncached).run(body);
  } finally {
    connection.close();
  }
}

function* nothing(): Steps<void> {}

class SqliteEngine implements Engine {
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
    const deadline = performance.now() + this.#budgetMs;
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

  async write<T>(body: () => Steps<T>, options: WriteOptions = {}): Promise<T> {
    this.#requireOpen();
    options.signal?.throwIfAborted();
    return this.#openWriter().enqueue(
      body,
      options.lockTimeoutMs ?? this.#budgetMs,
      options.signal,
    );
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
    if (this.#rest) this.#rest.refresh();
    else this.#rest = setTimeout(() => this.#requestCheckpoint(), REST_MS).unref();
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

  /** Takes the writer's lock in its turn; a checkpoint that comes too late is simply the next one. */
  #requestCheckpoint(): void {
    if (this.#closing || this.#checkpointDue || this.#walBytes() === 0) return;
    this.#checkpointDue = true;
    this.#chore().finally(() => {
      this.#checkpointDue = false;
    });
  }

  /** An odd epoch while the lock is free: its writer died. An empty transaction makes it even. */
  #repairEpoch(): void {
    const now = performance.now();
    if (this.#closing || now - this.#repairedAt < MIN_REPAIR_MS) return;
    this.#repairedAt = now;
    if (this.#isLockFree()) void this.#chore();
  }

  #isLockFree(): boolean {
    try {
      this.#openWriter();
    } catch {
      // Who may only read cannot repair either.
      return false;
    }
    const { lock } = this.#writing ?? {};
    if (!lock?.tryAcquire()) return false;
    lock.release();
    return true;
  }

  /** Housekeeping in the writer's turn. One that fails changes nothing for anybody. */
  async #chore(): Promise<void> {
    try {
      await this.#openWriter().enqueue(nothing, REST_MS);
    } catch {
      // The next one tries again.
    }
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

function openLock(file: string): WriterLock {
  try {
    return new WriterLock(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new HoldfastError(
      code === 'EACCES' || code === 'EROFS' || code === 'EPERM' ? 'READ_ONLY' : 'IO_ERROR',
      `cannot open the writer lock ${file}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** Recovery and the last close of another process can keep even a reader out for a moment. */
async function retryBusy<T>(deadline: number, attempt: () => T, signal?: AbortSignal): Promise<T> {
  for (let tries = 0; ; tries++) {
    signal?.throwIfAborted();
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() > deadline) {
        throw new HoldfastError('LOCK_TIMEOUT', 'database stayed locked by another program', {
          cause: error,
        });
      }
    }
    await pause(Math.min(20, 2 ** tries), signal);
  }
}
