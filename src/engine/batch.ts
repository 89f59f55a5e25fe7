import { HoldfastError } from '../errors.ts';
import { monotonicMs } from './clock.ts';
import type { Connection } from './connection.ts';
import { SyncDriver, type WarmSource } from './drive.ts';
import { isSettled, NO_EPOCH, nextOdd } from './epoch.ts';
import type { Job } from './job.ts';
import type { Session } from './session.ts';
import { isBusy } from './sqlite-error.ts';
import type { Warm } from './steps.ts';

/** A batch holds the lock for all of it, so it is bounded: other processes get their turn. */
const MAX_BATCH_MS = 20;

/** Between two looks at the clock. */
const JOBS_PER_LOOK = 16;

export interface BatchOptions {
  /** Ask SQLite whether a foreign program has bypassed the epoch, which costs 4 µs. */
  readonly wary: boolean;
  /** Expect bodies that fail after having written, which savepoints let fail alone at once. */
  readonly guarded: boolean;
  /** The epoch, where the caller has just read it under the lock. */
  readonly epoch?: number;
}

/**
 * Runs the jobs in one transaction, each as if alone, and notes on each what became of it; one that
 * is still waiting afterwards did not get its turn. Answers whether a body failed that had written.
 * A body that fails before it has written costs nothing. One that fails later takes the transaction
 * with it, unless `guarded`; then the jobs are run again, each in a savepoint.
 * @throws the driver's BUSY when a foreign program holds SQLite's lock; then every job waits
 */
export function commitBatch(
  session: Session,
  jobs: readonly Job[],
  options: BatchOptions,
): boolean {
  try {
    return runTransaction(session, jobs, options);
  } catch (error) {
    if (error instanceof BatchLost) return recover(session, jobs, options, error);
    if (!(error instanceof HoldfastError && error.code === 'COMMIT_UNKNOWN')) {
      for (const job of jobs) job.retry();
      throw error;
    }
    // A body that had failed before was rolled back for certain.
    for (const job of jobs) if (!job.isWaiting && !job.hasFailed) job.fail(error);
    return false;
  }
}

/** Nothing of the transaction was or will be written; `cause` is why. */
class BatchLost extends Error {}

function recover(
  session: Session,
  jobs: readonly Job[],
  { guarded }: BatchOptions,
  lost: BatchLost,
): boolean {
  for (const job of jobs) job.retry();
  const [only] = jobs;
  if (jobs.length === 1 && only) only.fail(lost.cause);
  else if (!guarded) commitBatch(session, jobs, { wary: true, guarded: true });
  else runSingly(session, jobs);
  return true;
}

/** One body, or the COMMIT, took even the savepoints with it. The others are not to suffer. */
function runSingly(session: Session, jobs: readonly Job[]): void {
  for (const [index, job] of jobs.entries()) {
    try {
      commitBatch(session, [job], { wary: true, guarded: false });
    } catch (error) {
      // What has been committed stays so; the rest gets its turn when SQLite's lock is free.
      if (isBusy(error) && index > 0) return;
      if (isBusy(error)) throw error;
      job.fail(error);
    }
  }
}

function runTransaction(session: Session, jobs: readonly Job[], options: BatchOptions): boolean {
  const { connection } = session;
  // A database in memory has no log beside which others could go on reading until COMMIT.
  connection.run(session.files.inMemory ? 'BEGIN EXCLUSIVE' : 'BEGIN IMMEDIATE');
  connection.writable = true;
  let batch: Batch | undefined;
  try {
    batch = new Batch(session, options);
    const someFailed = batch.run(jobs);
    batch.commit();
    return someFailed;
  } catch (error) {
    batch?.abandon();
    rollBack(session, connection);
    throw error;
  } finally {
    connection.writable = false;
  }
}

function rollBack(session: Session, connection: Connection): void {
  try {
    if (connection.inTransaction) connection.run('ROLLBACK');
  } catch {
    session.disconnect();
  }
}

class Batch implements WarmSource {
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #driver: SyncDriver;
  readonly #epoch: number;
  readonly #guarded: boolean;
  readonly #wary: boolean;
  readonly #writesBefore: number;
  /** Whether what is remembered at this epoch is right; looked at when first needed. */
  #trusted: boolean | undefined;

  constructor(session: Session, { wary, guarded, epoch }: BatchOptions) {
    this.#session = session;
    this.#connection = session.connection;
    this.#writesBefore = this.#connection.writes;
    this.#wary = wary;
    this.#guarded = guarded;
    this.#driver = new SyncDriver(this.#connection, this);
    this.#epoch = epoch ?? session.readEpoch();
    if (!isSettled(this.#epoch)) this.#trusted = false;
    session.proveSchema(this.#epoch, this.#driver);
  }

  isCurrent(warm: Warm<unknown>): boolean {
    if (warm.epoch !== this.#epoch) return false;
    this.#trusted ??= !(this.#wary && this.#session.hasForeignCommit(this.#epoch));
    return this.#trusted;
  }

  /** Answers whether a body failed that had written. */
  run(jobs: readonly Job[]): boolean {
    const end = jobs.length > 1 ? monotonicMs() + MAX_BATCH_MS : 0;
    let someFailed = false;
    let done = 0;
    for (const job of jobs) {
      const writesBefore = this.#connection.writes;
      try {
        job.succeed(this.#guarded ? this.#driver.runAlone(job.body) : this.#driver.run(job.body));
      } catch (error) {
        const hadWritten = this.#connection.writes !== writesBefore;
        if (!this.#connection.inTransaction || (hadWritten && !this.#guarded)) {
          throw new BatchLost('', { cause: error });
        }
        someFailed ||= hadWritten;
        job.fail(error);
      }
      done += 1;
      if (done % JOBS_PER_LOOK === 0 && monotonicMs() > end) break;
    }
    return someFailed;
  }

  commit(): void {
    const session = this.#session;
    if (this.#connection.writes === this.#writesBefore && this.#trusted !== false) {
      this.#connection.run('COMMIT');
      for (const warm of this.#driver.built) session.keep(warm, this.#epoch);
      return;
    }
    const odd = nextOdd(this.#epoch);
    // The counter must be odd before the commit can be seen, and need not be so earlier.
    session.writeEpoch(odd);
    try {
      this.#commitOrThrow();
    } catch (error) {
      if (error instanceof BatchLost) session.settleEpoch(odd + 1);
      throw error;
    }
    session.settleEpoch(odd + 1);
    const isInStep = this.#trusted !== false && this.#driver.knowsAllEffects;
    session.advanceWarm(isInStep ? this.#epoch : NO_EPOCH, odd + 1);
    for (const warm of this.#driver.built) session.keep(warm, odd + 1);
  }

  /** The transaction is about to be rolled back. */
  abandon(): void {
    this.#driver.abandon();
  }

  #commitOrThrow(): void {
    const connection = this.#connection;
    try {
      connection.run('COMMIT');
    } catch (error) {
      const full = error instanceof HoldfastError && error.code === 'DISK_FULL';
      if (connection.inTransaction || full) throw new BatchLost('', { cause: error });
      // The commit may be in the log although its fsync failed: nobody can tell before a recovery.
      this.#session.disconnect();
      this.#session.forgetWarm();
      throw new HoldfastError(
        'COMMIT_UNKNOWN',
        `the commit to ${this.#session.files.database} failed; its writes may or may not appear`,
        { cause: error },
      );
    }
  }
}
