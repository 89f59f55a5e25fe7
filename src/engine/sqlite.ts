import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { HoldfastError } from '../errors.ts';
import { monotonicMs } from './clock.ts';
import { Connection } from './connection.ts';
import { SyncDriver } from './drive.ts';
import type { Durability, Engine, Schema } from './engine.ts';
import { nextOdd } from './epoch.ts';
import {
  createDatabaseFile,
  fileSize,
  type Host,
  memoryFiles,
  prepareDirectory,
  requireLocal,
  requireSqlite,
  type StoreFiles,
  storeFiles,
  thisHost,
} from './files.ts';
import { lockTimeout, openLock, pause } from './lock.ts';
import { retryBusy } from './retry.ts';
import { Session, wrongSchema } from './session.ts';
import { SqliteEngine } from './sqlite-engine.ts';
import { isBusy } from './sqlite-error.ts';
import type { Steps } from './steps.ts';

const DEFAULT_LOCK_TIMEOUT_MS = 5000;

/** SQLite's own default, so that what is not said does not change with its version. */
const DEFAULT_PAGE_BYTES = 4096;

export interface SqliteOptions {
  /** Absolute path of the database file, ending in `.db`; in memory, that of the lock file. */
  readonly file: string;
  /** Keeps the database in the memory of this process, for its threads. Default false. */
  readonly inMemory?: boolean | undefined;
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
  const files = options.inMemory ? memoryFiles(options.file) : storeFiles(options.file);
  const directory = dirname(options.file);
  if (options.create === false && !existsSync(files.database)) {
    throw new HoldfastError('STORE_MISSING', `there is no store at ${files.database}`);
  }
  prepareDirectory(directory);
  requireLocal(directory, host);
  const budgetMs = options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS;
  const durability = options.durability ?? 'power';
  const deadline = monotonicMs() + budgetMs;
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
  if (files.inMemory || fileSize(files.database) === 0) return undefined;
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
        if (monotonicMs() > deadline) {
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
  if (!files.inMemory) createDatabaseFile(files.database);
  const session = new Session(files, schema, durability);
  const { connection } = session;
  try {
    // Has an effect on an empty file only.
    connection.exec(`PRAGMA page_size = ${schema.pageBytes ?? DEFAULT_PAGE_BYTES}`);
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
