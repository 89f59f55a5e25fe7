import { HoldfastError } from '../errors.ts';
import { monotonicMs } from './clock.ts';
import { Connection } from './connection.ts';
import { SyncDriver, type WarmSource } from './drive.ts';
import type { Durability, Schema } from './engine.ts';
import { Epoch, isSettled, NO_EPOCH } from './epoch.ts';
import { fileIdentity, type StoreFiles } from './files.ts';
import type { WriterLock } from './lock.ts';
import type { Steps, Warm } from './steps.ts';

/**
 * How long a call may rest on the last look at whether the file is still the one we opened. No
 * look can help against a deletion right after it, so a write rests on one as well.
 */
const FILES_CHECK_MS = 20;

/** One store file, opened: the connection, and what this process knows about its state. */
export class Session {
  readonly files: StoreFiles;
  readonly schema: Schema;
  readonly #durability: Durability;
  readonly #warms = new Set<Warm<unknown>>();
  #connection: Connection;
  #identity: string | undefined;
  #filesCheckedAt = Number.NEGATIVE_INFINITY;
  #lockCheckedAt = Number.NEGATIVE_INFINITY;
  #unsettled = false;
  #epoch: Epoch | undefined;
  /** The epoch at which the schema was last found to be ours. */
  #provenEpoch = NO_EPOCH;
  /** SQLite's own count of foreign commits, to notice writers that bypass the epoch. */
  #dataVersion: unknown;

  constructor(files: StoreFiles, schema: Schema, durability: Durability) {
    this.files = files;
    this.schema = schema;
    this.#durability = durability;
    this.#connection = this.#connect();
    this.#identity = fileIdentity(files.database);
  }

  get connection(): Connection {
    if (!this.#connection.isOpen) this.#connection = this.#connect();
    return this.#connection;
  }

  /** The epoch, or NO_EPOCH while nobody has written through us yet. */
  readEpoch(): number {
    return this.#openEpoch(false)?.read() ?? NO_EPOCH;
  }

  /** Only under the writer lock. */
  writeEpoch(value: number): void {
    this.#openEpoch(true)?.write(value);
  }

  /** The even value after a commit. If it fails, the odd one stays: slower reads, none wrong. */
  settleEpoch(value: number): void {
    try {
      this.writeEpoch(value);
    } catch {
      // The commit stands, so nobody may be told that it failed.
    }
  }

  /** Whether the last read found no epoch to rest on. */
  get wasUnsettled(): boolean {
    return this.#unsettled;
  }

  /** After an error that leaves the connection in doubt; the next use opens another. */
  disconnect(): void {
    this.#connection.close();
  }

  /** @throws SCHEMA_TOO_NEW when another process has migrated the file since `epoch` last moved */
  proveSchema(epoch: number, driver: SyncDriver): void {
    if (epoch === this.#provenEpoch && isSettled(epoch)) return;
    const found = driver.run(() => this.schema.found());
    if (found !== this.schema.version) throw wrongSchema(this.files.database, found, this.schema);
    this.#provenEpoch = epoch;
    this.#dataVersion = this.connection.scalar('PRAGMA data_version');
  }

  /**
   * Looks, now and then, at whether the store's files are still those that we opened; answers
   * whether this was such a moment. `lock` is the caller's lock file, where it holds one.
   * @throws STORE_REPLACED
   */
  checkFiles(lock?: WriterLock): boolean {
    // Many reads must not use up the looks that a writer has to take at its lock file.
    const lookedAt = lock ? this.#lockCheckedAt : this.#filesCheckedAt;
    if (monotonicMs() - lookedAt < FILES_CHECK_MS) return false;
    const found = fileIdentity(this.files.database);
    if (found !== this.#identity) throw replaced(this.files.database, found);
    if (this.#epoch?.isDetached() || lock?.isDetached()) throw replaced(this.files.lock, undefined);
    this.#filesCheckedAt = monotonicMs();
    if (lock) this.#lockCheckedAt = this.#filesCheckedAt;
    return true;
  }

  /** Whether a program that does not keep the epoch has committed; all that is warm is dropped then. */
  hasForeignCommit(epoch: number): boolean {
    const version = this.connection.scalar('PRAGMA data_version');
    const foreign = epoch === this.#provenEpoch && version !== this.#dataVersion;
    this.#dataVersion = version;
    if (foreign) this.forgetWarm();
    return foreign;
  }

  /** One attempt to run `body` on a snapshot; throws the driver's BUSY when SQLite cannot begin. */
  read<T>(body: () => Steps<T>): T {
    this.checkFiles();
    const before = this.readEpoch();
    this.#unsettled = !isSettled(before);
    const source = new SnapshotSource(this, before);
    const driver = new SyncDriver(this.connection, source);
    this.connection.run('BEGIN');
    try {
      this.proveSchema(before, driver);
      const result = driver.run(body);
      const steady = isSettled(before) && this.readEpoch() === before;
      for (const warm of driver.built) this.keep(warm, steady ? before : NO_EPOCH);
      return result;
    } finally {
      if (this.connection.inTransaction) this.connection.run('COMMIT');
    }
  }

  peek<T>(warm: Warm<T>): T | undefined {
    if (!isSettled(warm.epoch)) return undefined;
    this.checkFiles();
    return this.readEpoch() === warm.epoch ? warm.value : undefined;
  }

  /** Remembers at which epoch `warm` was right. */
  keep(warm: Warm<unknown>, epoch: number): void {
    warm.epoch = epoch;
    this.#warms.add(warm);
  }

  /** After our own commit: what was right before it has been kept in step by the bodies. */
  advanceWarm(from: number, to: number): void {
    for (const warm of this.#warms)
      warm.epoch = isSettled(from) && warm.epoch === from ? to : NO_EPOCH;
    this.#provenEpoch = to;
  }

  forgetWarm(): void {
    for (const warm of this.#warms) warm.epoch = NO_EPOCH;
  }

  close(): void {
    this.forgetWarm();
    // Whoever keeps a closed store does not keep what it knew.
    this.#warms.clear();
    this.#connection.close();
    this.#epoch?.close();
    this.#epoch = undefined;
  }

  #connect(): Connection {
    const connection = new Connection(this.files.database);
    try {
      connection.configure(this.#durability);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  #openEpoch(create: boolean): Epoch | undefined {
    if (this.#epoch) return this.#epoch;
    try {
      this.#epoch = new Epoch(this.files.lock, create);
    } catch (error) {
      // Who may not write to it reads without: slower, and as right.
      if (!ABSENT.has((error as NodeJS.ErrnoException).code)) throw error;
    }
    return this.#epoch;
  }
}

const ABSENT: ReadonlySet<string | undefined> = new Set(['ENOENT', 'EACCES', 'EPERM', 'EROFS']);

/** In a read, a remembered value is used only if its epoch is that of this very snapshot. */
class SnapshotSource implements WarmSource {
  readonly #session: Session;
  readonly #before: number;
  #pinned = false;

  constructor(session: Session, before: number) {
    this.#session = session;
    this.#before = before;
  }

  isCurrent(warm: Warm<unknown>): boolean {
    if (!isSettled(this.#before) || warm.epoch !== this.#before) return false;
    if (!this.#pinned) {
      // BEGIN alone opens no snapshot: a first read does. Then nothing may have moved meanwhile.
      if (this.#session.hasForeignCommit(this.#before)) return false;
      this.#session.connection.scalar('SELECT 1 FROM sqlite_master LIMIT 1');
      this.#pinned = true;
    }
    return this.#session.readEpoch() === this.#before;
  }
}

function replaced(file: string, found: string | undefined): HoldfastError {
  return new HoldfastError(
    'STORE_REPLACED',
    `${file} was ${found ? 'replaced' : 'deleted'} while the store was open`,
  );
}

export function wrongSchema(file: string, found: number, schema: Schema): HoldfastError {
  return new HoldfastError(
    'SCHEMA_TOO_NEW',
    `${file} has schema version ${found}; this Holdfast reads version ${schema.version}`,
  );
}
