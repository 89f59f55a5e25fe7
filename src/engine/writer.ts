import { HoldfastError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { SyncDriver, type WarmSource } from './drive.ts';
import { isSettled, NO_EPOCH, nextOdd } from './epoch.ts';
import { lockTimeout, pause, type WriterLock } from './lock.ts';
import type { Session } from './session.ts';
import { isBusy } from './sqlite-error.ts';
import type { Steps, Warm } from './steps.ts';

/** A batch holds the lock for all of it: bounded so that other processes get their turn. */
const MAX_BATCH_BODIES = 256;
const MAX_BATCH_MS = 20;

/** How long writes may follow each other before timers and sockets of this process get a turn. */
const MAX_MS_WITHOUT_TURN = 10;

/** Longest sleep between two looks at the deadlines of the queue. */
const SLICE_MS = 50;

interface Job {
  readonly body: () => Steps<unknown>;
  readonly deadline: number;
  readonly budgetMs: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Undo what `enqueue` attached outside. */
  readonly settle: () => void;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };
type Outcomes = ReadonlyMap<Job, Outcome>;

/**
 * The write side of one store in one process: writes that are queued together run in one
 * transaction, under one lock and with one COMMIT, each in a savepoint of its own. A promise
 * resolves only after the COMMIT that holds its write.
 */
export class Writer {
  readonly #session: Session;
  readonly #lock: WriterLock;
  readonly #afterBatch: () => void;
  #queue: Job[] = [];
  #pumping: Promise<void> | undefined;
  #contended = false;
  #lastTurn = 0;
  #busyTries = 0;

  /** `afterBatch` runs under the lock, after each commit, and does not throw. */
  constructor(session: Session, lock: WriterLock, afterBatch: () => void) {
    this.#session = session;
    this.#lock = lock;
    this.#afterBatch = afterBatch;
  }

  enqueue<T>(body: () => Steps<T>, budgetMs: number, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const aborted = () => {
        this.#queue = this.#queue.filter((other) => other !== job);
        reject(signal?.reason);
      };
      const job: Job = {
        body,
        deadline: performance.now() + budgetMs,
        budgetMs,
        resolve: resolve as (value: unknown) => void,
        reject,
        settle: () => signal?.removeEventListener('abort', aborted),
      };
      signal?.addEventListener('abort', aborted, { once: true });
      this.#queue.push(job);
      this.#pumping ??= Promise.resolve().then(() => this.#pump());
    });
  }

  /** Resolves when nothing is queued any more. */
  async idle(): Promise<void> {
    while (this.#pumping) await this.#pumping;
  }

  async #pump(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        if (this.#owesTurn()) await this.#yieldTurn();
        if (!this.#lock.tryAcquire() && !(await this.#waitForLock())) continue;
        const retryMs = this.#commitUnderLock();
        if (retryMs !== undefined) await pause(retryMs);
      }
    } catch (error) {
      // Nothing above may throw; if the lock file itself fails, nobody may wait for ever.
      for (const job of this.#queue.splice(0)) settle(job, { error });
    } finally {
      this.#pumping = undefined;
      if (this.#queue.length > 0) this.#pumping = this.#pump();
    }
  }

  /** After contention others go first, and a queue that never ends must let the event loop turn. */
  #owesTurn(): boolean {
    return this.#contended || performance.now() - this.#lastTurn >= MAX_MS_WITHOUT_TURN;
  }

  async #yieldTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#contended = false;
    this.#lastTurn = performance.now();
  }

  /** True when the lock is ours; false when the deadlines of some or all jobs passed first. */
  async #waitForLock(): Promise<boolean> {
    this.#contended = true;
    while (this.#queue.length > 0) {
      const now = performance.now();
      const nearest = Math.min(
        ...this.#queue.slice(0, MAX_BATCH_BODIES).map((job) => job.deadline),
      );
      if (await this.#lock.acquire(Math.min(nearest, now + SLICE_MS))) return true;
      this.#expire(false);
    }
    return false;
  }

  #expire(outside: boolean): void {
    const now = performance.now();
    const expired = this.#queue.filter((job) => job.deadline <= now);
    if (expired.length === 0) return;
    this.#queue = this.#queue.filter((job) => job.deadline > now);
    for (const job of expired) {
      settle(job, { error: lockTimeout(this.#lock, job.budgetMs, outside) });
    }
  }

  /** Answers after how many ms to try again when a foreign program holds SQLite's own lock. */
  #commitUnderLock(): number | undefined {
    const jobs = this.#queue.splice(0, MAX_BATCH_BODIES);
    let outcomes: Outcomes | undefined;
    try {
      const looked = this.#session.checkFiles(this.#lock);
      outcomes = commitBatch(this.#session, jobs, looked);
    } catch (error) {
      if (isBusy(error)) {
        this.#queue.unshift(...jobs);
        return this.#backOff();
      }
      outcomes = failAll(jobs, error);
    } finally {
      if (outcomes) this.#afterBatch();
      this.#lock.release();
    }
    this.#busyTries = 0;
    this.#queue.unshift(...jobs.filter((job) => !outcomes.has(job)));
    for (const [job, outcome] of outcomes) settle(job, outcome);
    return undefined;
  }

  #backOff(): number {
    this.#expire(true);
    this.#busyTries += 1;
    return Math.min(25, 2 ** this.#busyTries) * (0.5 + Math.random());
  }
}

function settle(job: Job, outcome: Outcome): void {
  job.settle();
  if ('error' in outcome) job.reject(outcome.error);
  else job.resolve(outcome.value);
}

function failAll(jobs: Iterable<Job>, error: unknown): Outcomes {
  return new Map(Array.from(jobs, (job) => [job, { error }]));
}

/** Runs the jobs and tells the outcome of each; those without one did not get their turn. */
function commitBatch(session: Session, jobs: readonly Job[], wary: boolean): Outcomes {
  const outcomes = new Map<Job, Outcome>();
  try {
    runTransaction(session, jobs, outcomes, wary);
    return outcomes;
  } catch (error) {
    // One body (or the COMMIT) took the whole transaction with it: the others run again, singly.
    if (error instanceof BatchLost) {
      return jobs.length === 1 ? failAll(jobs, error.cause) : runSingly(session, jobs);
    }
    if (error instanceof HoldfastError && error.code === 'COMMIT_UNKNOWN') {
      // A body that had failed before was rolled back for certain.
      return new Map(Array.from(outcomes, ([job, out]) => [job, 'error' in out ? out : { error }]));
    }
    throw error;
  }
}

function runSingly(session: Session, jobs: readonly Job[]): Outcomes {
  const outcomes = new Map<Job, Outcome>();
  for (const job of jobs) {
    try {
      for (const [done, outcome] of commitBatch(session, [job], true)) outcomes.set(done, outcome);
    } catch (error) {
      // What has been committed stays so; the rest gets its turn when SQLite's lock is free.
      if (isBusy(error) && outcomes.size > 0) return outcomes;
      if (isBusy(error)) throw error;
      outcomes.set(job, { error });
    }
  }
  return outcomes;
}

/** Nothing of the transaction was or will be written. */
class BatchLost extends Error {}

function runTransaction(
  session: Session,
  jobs: readonly Job[],
  outcomes: Map<Job, Outcome>,
  wary: boolean,
): void {
  const { connection } = session;
  connection.run('BEGIN IMMEDIATE');
  connection.writable = true;
  connection.hasWritten = false;
  try {
    const batch = new Batch(session, wary);
    batch.run(jobs, outcomes);
    batch.commit();
  } catch (error) {
    session.forgetWarm();
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
  readonly #driver: SyncDriver;
  readonly #epoch: number;
  /** Whether what is remembered at this epoch is right; looked at when first needed. */
  #trusted: boolean | undefined;
  readonly #wary: boolean;

  /** `wary`: ask SQLite whether somebody bypassed the epoch, which costs 4 µs. */
  constructor(session: Session, wary: boolean) {
    this.#session = session;
    this.#wary = wary;
    this.#driver = new SyncDriver(session.connection, this);
    this.#epoch = session.readEpoch();
    if (!isSettled(this.#epoch)) this.#trusted = false;
    session.proveSchema(this.#epoch, this.#driver);
  }

  isCurrent(warm: Warm<unknown>): boolean {
    if (warm.epoch !== this.#epoch) return false;
    this.#trusted ??= !(this.#wary && this.#session.hasForeignCommit(this.#epoch));
    return this.#trusted;
  }

  run(jobs: readonly Job[], outcomes: Map<Job, Outcome>): void {
    const end = performance.now() + MAX_BATCH_MS;
    for (const job of jobs) {
      try {
        outcomes.set(job, { value: this.#runJob(job, jobs.length === 1) });
      } catch (error) {
        if (error instanceof BatchLost) throw error;
        if (!this.#session.connection.inTransaction) throw new BatchLost('', { cause: error });
        outcomes.set(job, { error });
      }
      if (performance.now() > end) return;
    }
  }

  /** A body that has the transaction to itself is undone with it and needs no savepoint. */
  #runJob(job: Job, alone: boolean): unknown {
    if (!alone) return this.#driver.runAlone(job.body);
    try {
      return this.#driver.run(job.body);
    } catch (error) {
      throw new BatchLost('', { cause: error });
    }
  }

  commit(): void {
    const session = this.#session;
    if (!session.connection.hasWritten && this.#trusted !== false) {
      session.connection.run('COMMIT');
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
    session.advanceWarm(this.#trusted === false ? NO_EPOCH : this.#epoch, odd + 1);
    for (const warm of this.#driver.built) session.keep(warm, odd + 1);
  }

  #commitOrThrow(): void {
    const { connection } = this.#session;
    try {
      connection.run('COMMIT');
    } catch (error) {
      const full = error instanceof HoldfastError && error.code === 'DISK_FULL';
      if (connection.inTransaction || full) throw new BatchLost('', { cause: error });
      // The commit may be in the log although its fsync failed: nobody can tell before a recovery.
      this.#session.disconnect();
      throw new HoldfastError(
        'COMMIT_UNKNOWN',
        `the commit to ${this.#session.files.database} failed; its writes may or may not appear`,
        { cause: error },
      );
    }
  }
}
