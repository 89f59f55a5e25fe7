import { hostname } from 'node:os';
import type { Durability, Engine } from '../engine/engine.ts';
import { openSqlite } from '../engine/sqlite.ts';
import type { Steps } from '../engine/steps.ts';
import { type ErrorCode, HoldfastError } from '../errors.ts';
import { selfIdentity } from '../owner/identity.ts';
import { leaveAtExit } from './exit.ts';
import { goneOwners } from './follow/liveness.ts';
import type { Book, Recorder } from './live/book.ts';
import { Flusher } from './live/flusher.ts';
import { Job } from './live/job.ts';
import type { Recording } from './live/recording.ts';
import { SlotSpace } from './live/slots.ts';
import type { Plan } from './model/plan.ts';
import { isFinal, type JobRecord, type JobTree, type TaskStatus } from './model/record.ts';
import { activeOwners } from './read/jobs.ts';
import { tasksSchema } from './schema.ts';
import { LEASE_MS, type Owner } from './write/owners.ts';
import { reapBody } from './write/reap.ts';
import { compactBody, pruneBody, type Retention } from './write/retain.ts';

/** What is wrong use of the hot path to do: be told once a process, or be thrown. */
export type OnMisuse = 'warn-once' | 'throw';

export interface SessionOptions {
  /** Absolute path of the database file. */
  readonly file: string;
  readonly durability: Durability;
  readonly lockTimeoutMs: number | undefined;
  readonly create: boolean | undefined;
  readonly onMisuse: OnMisuse;
  readonly retention: Retention;
  /** Epoch ms. */
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
}

/** What is over is taken away by those who run jobs, and no more often than this. */
const RETENTION_MS = 60_000;

/** What keeps one from writing, and nobody from reading. */
const UNWRITABLE: ReadonlySet<ErrorCode> = new Set([
  ...(['DISK_FULL', 'READ_ONLY', 'IO_ERROR', 'LOCK_TIMEOUT', 'COMMIT_UNKNOWN'] as const),
]);

/** What those who read wait for the writer lock. */
const READER_MS = 200;

/** Longer command lines are cut. */
const COMMAND_MAX = 1024;

/** A store file as one `open` has it: its connections, and the jobs that this process runs there. */
export class Session implements Recorder {
  readonly file: string;
  readonly now: () => number;
  readonly engine: Engine;
  readonly recording: Recording;
  readonly #options: SessionOptions;
  readonly #slots = new SlotSpace();
  readonly #books = new Map<number, Book>();
  readonly #forgetExit: () => void;
  #flusher: Flusher | undefined;
  #ownerId: number | undefined;
  #reader: Promise<Engine> | undefined;
  #keeper: NodeJS.Timeout | undefined;
  #retainedAt = Number.NEGATIVE_INFINITY;
  /** What was told once already. */
  readonly #warned = new Set<string>();
  #closing: Promise<void> | undefined;

  static async open(options: SessionOptions): Promise<Session> {
    return new Session(await openSqlite({ ...options, schema: tasksSchema }), options);
  }

  private constructor(engine: Engine, options: SessionOptions) {
    this.file = options.file;
    this.now = options.now;
    this.engine = engine;
    this.#options = options;
    this.#forgetExit = leaveAtExit(() => this.#leaveNow());
    this.recording = {
      write: (body) => this.write(body),
      pulse: {
        claim: () => this.#slots.claim(),
        release: (slot) => this.#slots.release(slot),
        track: (task, jobId, slots, progress) => this.#flusher?.track(task, jobId, slots, progress),
        addSlot: (task, slot) => this.#flusher?.addSlot(task, slot),
        untrack: (task) => this.#flusher?.untrack(task),
        message: (task, text) => this.#flusher?.message(task, text),
      },
    };
  }

  /** One transaction, at the time of its turn. */
  write<T>(body: (at: number) => Steps<T>, signal?: AbortSignal): Promise<T> {
    return this.engine.write(() => body(this.now()), { signal });
  }

  read<T>(body: () => Steps<T>, signal?: AbortSignal): Promise<T> {
    return this.engine.read(body, { signal });
  }

  /** A connection for those who follow the log: what they do, no writer of this process waits for. */
  async reader(): Promise<Engine> {
    const { file, durability } = this.#options;
    // It would be opened, and never closed.
    if (this.#closing) throw new HoldfastError('CLOSED', `${file} was closed by this process`);
    this.#reader ??= openSqlite({ file, durability, schema: tasksSchema, create: false }).catch(
      (error: unknown) => {
        // The next one tries again.
        this.#reader = undefined;
        throw error;
      },
    );
    return await this.#reader;
  }

  /** This process, with a lease that begins now. */
  owner(): Owner {
    return {
      id: this.#ownerId,
      identity: selfIdentity(),
      host: hostname(),
      command: [process.title, ...process.argv.slice(1)].join(' ').slice(0, COMMAND_MAX),
      cwd: process.cwd(),
      leaseUntil: this.now() + LEASE_MS,
    };
  }

  /** Handles for a job that was registered, whose owner's row has the number `ownerId`. */
  adopt(tree: JobTree, plan: Plan): Job {
    const job = new Job(this, tree, plan);
    // What is started now, nobody would end.
    if (this.#closing) return job;
    this.#books.set(tree.job.id, job.book);
    this.#ownerId = tree.job.owner;
    this.#flusher ??= this.#startFlusher(tree.job.owner);
    this.retain();
    this.#keeper ??= setInterval(() => this.retain(), RETENTION_MS).unref();
    // The root is followed from the start, so that the lease is renewed while a job waits.
    this.#flusher.track(tree.job.root, tree.job.id, [], 0);
    return job;
  }

  ended({ id, root }: JobRecord): void {
    this.#books.delete(id);
    this.#flusher?.untrack(root);
  }

  /** Looks at the owners of active jobs, and ends the tasks of those that are gone; answers how many jobs. */
  async reap(lockTimeoutMs?: number): Promise<number> {
    const owners = await this.read(activeOwners);
    const gone = goneOwners(owners, this.now());
    if (gone.length === 0) return 0;
    return await this.engine.write(() => reapBody(gone, this.now()), { lockTimeoutMs });
  }

  /** For those who read: what cannot be written now is left to the next one who looks. */
  async reapIfPossible(): Promise<void> {
    try {
      await this.reap(READER_MS);
    } catch (error) {
      if (!(error instanceof HoldfastError && UNWRITABLE.has(error.code))) throw error;
    }
  }

  /** Takes away what is over, if nobody here has done so for a while. Nobody waits for it. */
  retain(): void {
    if (this.#closing || this.now() - this.#retainedAt < RETENTION_MS) return;
    this.#retainedAt = this.now();
    // Nobody asked for it: one that fails changes nothing, and there will be another.
    this.prune().catch(() => undefined);
  }

  /** Takes away what is over; answers how many jobs. */
  async prune(): Promise<number> {
    const { retention } = this.#options;
    let count = 0;
    for (;;) {
      const removed = await this.write((at) => pruneBody(retention, at));
      const hasMore = await this.write(() => compactBody(retention));
      count += removed;
      if (removed === 0 && !hasMore) return count;
    }
  }

  misuse(what: string): void {
    if (this.#options.onMisuse === 'throw') throw new TypeError(what);
    this.#warnOnce('misuse', what);
  }

  warn(what: string): void {
    this.#warnOnce('trouble', what);
  }

  #warnOnce(kind: 'misuse' | 'trouble', what: string): void {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    process.emitWarning(`${what} (further ones of this kind are not told)`, 'HoldfastTasksWarning');
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    this.#forgetExit();
    clearInterval(this.#keeper);
    await this.#flusher?.close();
    const reader = await this.#reader?.catch(() => undefined);
    await reader?.close();
    await this.engine.close();
  }

  #startFlusher(ownerId: number): Flusher {
    const { file, durability } = this.#options;
    return Flusher.start(
      { file, durability, ownerId, engine: this.engine },
      {
        gone: (tasks) => this.#detach(tasks),
        cancelRequested: (jobs) => {
          for (const id of jobs) this.#books.get(id)?.requestCancel();
        },
        failed: (error) => this.#warnOf(error),
      },
    );
  }

  /** Tasks whose rows are gone, or which somebody else has ended. */
  #detach(tasks: readonly number[]): void {
    for (const [id, book] of this.#books) {
      if (!tasks.some((task) => isActive(book.task(task)?.status))) continue;
      book.detach();
      this.#books.delete(id);
    }
  }

  #warnOf(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    process.emitWarning(`progress of tasks is not written: ${reason}`, 'HoldfastTasksWarning');
  }

  /** The process ends now: what was asked for is written, and the last progress if that is quick. */
  #leaveNow(): void {
    if (this.#flusher) this.#flusher.flushAtExit(this.engine);
    else this.engine.finishNow(0);
  }
}

/** What has ended by our own doing is no news. */
function isActive(status: TaskStatus | undefined): boolean {
  return status !== undefined && !isFinal(status);
}
