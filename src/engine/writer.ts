import { commitBatch } from './batch.ts';
import { monotonicMs } from './clock.ts';
import { Job } from './job.ts';
import { lockTimeout, pause, sleepNow, type WriterLock } from './lock.ts';
import type { Session } from './session.ts';
import { isBusy } from './sqlite-error.ts';
import type { Steps } from './steps.ts';

/** What one transaction takes at most; its time is bounded too (see `batch.ts`). */
const MAX_BATCH_JOBS = 1024;

/** How long writes may follow each other before timers and sockets of this process get a turn. */
const MAX_MS_WITHOUT_TURN = 10;

/** Longest sleep between two looks at the deadlines of the queue. */
const SLICE_MS = 50;

/** Later in this turn of the event loop, when what is called now has been queued. */
const soon = Promise.resolve();

function ignore(): void {}

/**
 * The write side of one store in one process: writes that are queued together run in one
 * transaction, under one lock and with one COMMIT, each as if alone. A promise resolves only after
 * the COMMIT that holds its write.
 */
export class Writer {
  readonly #session: Session;
  readonly #lock: WriterLock;
  readonly #afterBatch: () => void;
  #queue: Job[] = [];
  #isAwake = false;
  readonly #idlers: (() => void)[] = [];
  /** The lock was waited for and is ours. */
  #isGranted = false;
  #contended = false;
  #isCommitting = false;
  #lastTurn = 0;
  #busyTries = 0;
  /** Whether a body of the last batch failed after it had written: the next may do so too. */
  #expectsFailures = false;

  /** `afterBatch` runs under the lock, after each commit, and does not throw. */
  constructor(session: Session, lock: WriterLock, afterBatch: () => void) {
    this.#session = session;
    this.#lock = lock;
    this.#afterBatch = afterBatch;
  }

  enqueue<T>(body: () => Steps<T>, budgetMs: number, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const job = new Job(body, budgetMs, resolve as (value: unknown) => void, reject);
      if (signal) this.#watch(job, signal, reject);
      this.#queue.push(job);
      if (this.#isAwake) return;
      this.#isAwake = true;
      soon.then(this.#pump);
    });
  }

  /** A write that nobody waits for, unless somebody writes already. */
  runIfFree(body: () => Steps<void>): void {
    if (this.#isAwake || !this.#lock.tryAcquire()) return;
    try {
      this.#commit([new Job(body, 0, ignore, ignore)]);
      this.#afterBatch();
    } finally {
      this.#lock.release();
    }
  }

  /** See `Engine.finishNow`. */
  finishNow(budgetMs: number): boolean {
    // Called by a body that ends the process: its transaction is open, and will be rolled back.
    if (this.#isCommitting) return false;
    const end = monotonicMs() + budgetMs;
    while (this.#queue.length > 0) {
      const deadline = this.#queue.reduce((latest, job) => Math.max(latest, job.deadline), end);
      if (!this.#lock.acquireNow(deadline)) return false;
      const retryMs = this.#commitUnderLock();
      if (retryMs === undefined) continue;
      if (monotonicMs() >= deadline) return false;
      sleepNow(retryMs);
    }
    return true;
  }

  /** Resolves when nothing is queued any more. */
  async idle(): Promise<void> {
    while (this.#isAwake) await new Promise<void>((resolve) => this.#idlers.push(resolve));
  }

  #watch(job: Job, signal: AbortSignal, reject: (reason: unknown) => void): void {
    const aborted = () => {
      this.#queue = this.#queue.filter((other) => other !== job);
      reject(signal.reason);
    };
    signal.addEventListener('abort', aborted, { once: true });
    job.detach = () => signal.removeEventListener('abort', aborted);
  }

  readonly #pump = (): void => {
    let wait: Promise<unknown> | undefined;
    try {
      wait = this.#commitAll();
    } catch (error) {
      this.#failAll(error);
    }
    if (wait) {
      wait.then(this.#pump, (error: unknown) => {
        this.#failAll(error);
        this.#pump();
      });
      return;
    }
    this.#isAwake = false;
    for (const resolve of this.#idlers.splice(0)) resolve();
  };

  /** Commits until the queue is empty, or answers what has to be waited for first. */
  #commitAll(): Promise<unknown> | undefined {
    while (this.#queue.length > 0) {
      if (!this.#isGranted) {
        if (this.#owesTurn()) return this.#yieldTurn();
        if (!this.#lock.tryAcquire()) return this.#waitForLock();
      }
      const retryMs = this.#commitUnderLock();
      if (retryMs !== undefined) return pause(retryMs);
    }
    // Whoever wanted the lock may have given up while it was being granted.
    if (this.#isGranted) this.#release();
    return undefined;
  }

  #release(): void {
    this.#isGranted = false;
    this.#lock.release();
  }

  /** If the lock file itself fails, nobody may wait for ever. */
  #failAll(error: unknown): void {
    for (const job of this.#queue.splice(0)) {
      job.fail(error);
      job.settle();
    }
  }

  /** After contention others go first, and a queue that never ends must let the event loop turn. */
  #owesTurn(): boolean {
    return this.#contended || monotonicMs() - this.#lastTurn >= MAX_MS_WITHOUT_TURN;
  }

  async #yieldTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#contended = false;
    this.#lastTurn = monotonicMs();
  }

  /** Ends with the lock in our hands, unless the deadline of every job passes first. */
  async #waitForLock(): Promise<void> {
    this.#contended = true;
    while (this.#queue.length > 0) {
      const now = monotonicMs();
      const nearest = Math.min(...this.#queue.slice(0, MAX_BATCH_JOBS).map((job) => job.deadline));
      if (await this.#lock.acquire(Math.min(nearest, now + SLICE_MS))) {
        this.#isGranted = true;
        return;
      }
      this.#expire(false);
    }
  }

  #expire(outside: boolean): void {
    const now = monotonicMs();
    const expired = this.#queue.filter((job) => job.deadline <= now);
    if (expired.length === 0) return;
    this.#queue = this.#queue.filter((job) => job.deadline > now);
    for (const job of expired) {
      job.fail(lockTimeout(this.#lock, job.budgetMs, outside));
      job.settle();
    }
  }

  /** Answers after how many ms to try again when a foreign program holds SQLite's own lock. */
  #commitUnderLock(): number | undefined {
    const jobs = this.#queue.splice(0, MAX_BATCH_JOBS);
    try {
      this.#commit(jobs);
      this.#afterBatch();
    } catch (error) {
      if (!isBusy(error)) throw error;
      this.#queue.unshift(...jobs);
      return this.#backOff();
    } finally {
      this.#release();
    }
    this.#busyTries = 0;
    this.#queue.unshift(...jobs.filter((job) => job.isWaiting));
    for (const job of jobs) if (!job.isWaiting) job.settle();
    return undefined;
  }

  /** @throws the driver's BUSY, and then every job waits */
  #commit(jobs: readonly Job[]): void {
    this.#isCommitting = true;
    try {
      const wary = this.#session.checkFiles(this.#lock);
      const guarded = this.#expectsFailures && jobs.length > 1;
      this.#expectsFailures = commitBatch(this.#session, jobs, {
        wary,
        guarded,
        epoch: this.#lock.epoch,
      });
    } catch (error) {
      if (isBusy(error)) throw error;
      for (const job of jobs) job.fail(error);
    } finally {
      this.#isCommitting = false;
    }
  }

  #backOff(): number {
    this.#expire(true);
    this.#busyTries += 1;
    return Math.min(25, 2 ** this.#busyTries) * (0.5 + Math.random());
  }
}
