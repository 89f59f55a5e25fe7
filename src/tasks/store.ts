import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Durability } from '../engine/engine.ts';
import type { Steps } from '../engine/steps.ts';
import { HoldfastError, wrongArgument } from '../errors.ts';
import type {
  Durations,
  HistoryOptions,
  JobFilter,
  JobInfo,
  JobOptions,
  ListenOptions,
  Listing,
  ListOptions,
  LogLine,
  LogOptions,
  PurgeOptions,
  RegisterOptions,
  RemoveOptions,
  Reservations,
  SubscribeOptions,
  Update,
} from './calls.ts';
import { type Handler, Listener } from './follow/listener.ts';
import { ownerRecord } from './follow/liveness.ts';
import { named } from './follow/named.ts';
import { follow, type Source } from './follow/subscription.ts';
import { draftedJob } from './live/draft.ts';
import { Job } from './live/job.ts';
import type { TaskEvent } from './model/event.ts';
import { assertWhole, countTasks, type Plan } from './model/plan.ts';
import {
  currentUser,
  type DatabaseName,
  databaseName,
  jobId,
  newJobId,
  userName,
} from './names.ts';
import { historyBody } from './read/events.ts';
import {
  type DatabaseInfo,
  databasesBody,
  emptyCounts,
  pageBody,
  reservationsBody,
  type Scope,
} from './read/jobs.ts';
import { durationsBody, logLinesBody } from './read/log.ts';
import { type OnMisuse, Session } from './session.ts';
import { requestCancelBody } from './write/cancel.ts';
import { databaseByName, databaseRow, setMemoryLimitBody } from './write/databases.ts';
import { type Registration, registerBody } from './write/register.ts';
import { purgeBody, removeBody } from './write/remove.ts';
import { type RetentionOptions, retentionOf } from './write/retain.ts';

export interface TasksOptions {
  /** Data directory; `$HOLDFAST_DIR` or `~/.holdfast` by default. */
  readonly dir?: string | undefined;
  /** Name of the database; spellings that differ in case only are one. Default `default`. */
  readonly database?: string | undefined;
  /** Whose jobs these are; the user of this process by default. A filter, no protection. */
  readonly user?: string | undefined;
  /** Default `process`. */
  readonly durability?: Durability | undefined;
  /** Default 5,000. */
  readonly lockTimeoutMs?: number | undefined;
  /** Default true; false refuses a directory without a store. */
  readonly create?: boolean | undefined;
  /** Default true; false: nothing is kept or written, and every list is empty. */
  readonly enabled?: boolean | undefined;
  /** What is done about wrong use of what does not throw by itself. Default `warn-once`. */
  readonly onMisuse?: OnMisuse | undefined;
  /** Laid over 7 days, 1,000 ended jobs of each database and 50,000 events; Infinity keeps all. */
  readonly retention?: RetentionOptions | undefined;
  /** Epoch ms; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const PAGE_JOBS_MAX = 1000;
const HISTORY_EVENTS = 1000;
const LOG_LINES = 1000;

/**
 * Jobs and their progress, of every process that opens the same directory. Each method is one
 * transaction; the event that tells of a change is part of it.
 */
export class Tasks implements AsyncDisposable {
  /** Absolute path of the data directory. */
  readonly dir: string;
  /** The one spelling that the file has of its name. */
  readonly database: string;
  readonly user: string;
  readonly #name: DatabaseName;
  /** Undefined: not enabled. */
  readonly #session: Session | undefined;

  /**
   * Opens the store of a directory, and makes it where there is none.
   * @throws what opening a store file throws: READ_ONLY, LOCK_TIMEOUT, SCHEMA_TOO_NEW, …
   */
  static async open(options: TasksOptions = {}): Promise<Tasks> {
    const name = databaseName(options.database ?? 'default');
    const user = userName(options.user ?? currentUser());
    const dir = resolve(options.dir ?? (process.env.HOLDFAST_DIR || join(homedir(), '.holdfast')));
    if (options.enabled === false) return new Tasks(undefined, dir, name, user);
    const session = await Session.open({
      file: join(dir, 'tasks.db'),
      durability: options.durability ?? 'process',
      lockTimeoutMs: options.lockTimeoutMs,
      create: options.create,
      onMisuse: options.onMisuse ?? 'warn-once',
      retention: retentionOf(options.retention),
      now: options.now ?? Date.now,
      signal: options.signal,
    });
    return new Tasks(session, dir, name, user);
  }

  private constructor(session: Session | undefined, dir: string, name: DatabaseName, user: string) {
    this.dir = dir;
    this.#session = session;
    this.#name = name;
    this.database = name.name;
    this.user = user;
  }

  /** Another database of the same file. It shares the file with this one: to close either closes both. */
  at(database: string): Tasks {
    return new Tasks(this.#session, this.dir, databaseName(database), this.user);
  }

  /**
   * Registers a job of this process, whose tasks are all pending.
   * @throws CONFLICT while an active job has the id, unless it is to be replaced; BUDGET_EXCEEDED
   */
  async register(plan: Plan, options: RegisterOptions = {}): Promise<Job> {
    countTasks([plan]);
    const job = options.job === undefined ? newJobId() : jobId(options.job);
    const session = this.#session;
    if (session === undefined) return new Job(unrecorded, draftedJob(job, plan, Date.now()), plan);
    const wanted = { ...this.#wanted(plan, options), job, owner: session.owner() };
    const register = () => session.write((at) => registerBody(wanted, at), options.signal);
    const tree = await register().catch(async (error: unknown) => {
      // Who has the id may be dead, and nobody may have looked since.
      const isTaken = error instanceof HoldfastError && error.code === 'CONFLICT';
      if (!isTaken || (await session.reap()) === 0) throw error;
      return await register();
    });
    return session.adopt(tree, plan);
  }

  /**
   * Registers a job, runs it, and ends it as `work` ends: finished, or failed with what was thrown,
   * or canceled if somebody had asked for that. What was thrown is thrown on.
   * @throws CONFLICT, BUDGET_EXCEEDED
   */
  async run<T>(
    plan: Plan,
    work: (job: Job) => T | Promise<T>,
    options: RegisterOptions = {},
  ): Promise<T> {
    const job = await this.register(plan, options);
    return await job.run(work);
  }

  /** Jobs in the order of their registration, with all their tasks, and counts of the same moment. */
  async list(options: ListOptions = {}): Promise<Listing> {
    const session = this.#session;
    if (session === undefined) return { items: [], cursor: undefined, seq: 0, counts: emptyCounts };
    const request = {
      scope: this.#scope(options),
      status: options.status ?? (options.active ? (['pending', 'running'] as const) : null),
      limit: pageLimit(options.limit),
      after: options.cursor === undefined ? 0 : cursorNumber(options.cursor),
    };
    await session.reapIfPossible();
    const page = await session.read(() => pageBody(request), options.signal);
    const now = session.now();
    const owners = new Map(page.owners.map((row) => [row.id, ownerRecord(row, now)]));
    const items = page.jobs.flatMap((tree): readonly JobInfo[] => {
      const owner = owners.get(tree.job.owner);
      return owner ? [{ ...tree, owner }] : [];
    });
    const last = page.jobs.at(-1)?.job.id;
    const cursor = page.hasMore && last !== undefined ? String(last) : undefined;
    return { items, cursor, seq: page.seq, counts: page.counts };
  }

  /** All jobs, page by page; each page is of one moment. */
  async *all(options: Omit<ListOptions, 'cursor'> = {}): AsyncIterableIterator<JobInfo> {
    let cursor: string | undefined;
    do {
      const page = await this.list({ ...options, cursor });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** A job with its tasks; undefined when there is none of this id. */
  async get(job: string, options: JobOptions = {}): Promise<JobInfo | undefined> {
    const { user, signal } = options;
    return (await this.list({ job: jobId(job), user, signal, limit: 1 })).items[0];
  }

  /**
   * Asks the process of a job to cancel it, which sees it at the job's `signal`. Answers whether
   * there is such a job and it is active.
   */
  async requestCancel(job: string, options: JobOptions = {}): Promise<boolean> {
    await this.#session?.reap();
    const key = { job: jobId(job), user: this.#user(options) };
    return await this.#change(false, (id, at) => requestCancelBody(id, key, at), options.signal);
  }

  /**
   * Removes a job. Answers whether it was there.
   * @throws CONFLICT while it is active, without `force`
   */
  async remove(job: string, options: RemoveOptions = {}): Promise<boolean> {
    await this.#session?.reap();
    const force = options.force ?? false;
    const key = { job: jobId(job), user: this.#user(options), force };
    return await this.#change(false, (id, at) => removeBody(id, key, at), options.signal);
  }

  /**
   * Removes all jobs of the user in this database, or of all users, and answers how many.
   * @throws CONFLICT while some are active, without `force`; nothing is removed then
   */
  async purge(options: PurgeOptions = {}): Promise<number> {
    await this.#session?.reap();
    const user = options.allUsers ? null : this.#user(options);
    const force = options.force ?? false;
    return await this.#change(0, (id, at) => purgeBody(id, { user, force }, at), options.signal);
  }

  /** Removes ended jobs and old events as `retention` says; who registers does it now and then. */
  async prune(): Promise<number> {
    return (await this.#session?.prune()) ?? 0;
  }

  /** The databases of the file, by name. */
  async databases(): Promise<readonly DatabaseInfo[]> {
    return (await this.#session?.read(databasesBody)) ?? [];
  }

  /**
   * All there is, as of one moment, and then every change of it in the order of commits, without a
   * gap. It ends with `signal`, or when the loop over it is left.
   */
  async *subscribe(options: SubscribeOptions = {}): AsyncIterableIterator<Update> {
    const session = this.#session;
    if (session === undefined) return;
    const source: Source = {
      reader: await session.reader(),
      reap: () => session.reapIfPossible(),
      now: session.now,
    };
    const scope = this.#scope(options);
    const { after, name, signal } = options;
    if (after !== undefined) assertWhole('after', after);
    if (name === undefined) yield* follow(source, scope, after, signal);
    else {
      const database = await session.write(() => databaseRow(this.#name));
      const reader = { database, name: userName(name) };
      yield* named(session, reader, (from) => follow(source, scope, after ?? from, signal));
    }
  }

  /**
   * Calls `handler` with what `subscribe` gives, one update at a time, on a loop of its own. What it
   * throws goes to `onError` (a warning by default), and the next update follows.
   */
  listen(handler: Handler, options: ListenOptions = {}): Listener {
    const { onError = warnOf, ...rest } = options;
    return new Listener((signal) => this.subscribe({ ...rest, signal }), handler, onError);
  }

  /** The newest events that are kept, oldest first: 1,000, or `limit`, before `before`. */
  async history(options: HistoryOptions = {}): Promise<readonly TaskEvent[]> {
    const { before = Number.MAX_SAFE_INTEGER, limit = HISTORY_EVENTS, signal } = options;
    assertWhole('before', before);
    assertWhole('limit', limit);
    const body = () => historyBody(before, limit, this.#scope(options));
    return (await this.#session?.read(body, signal)) ?? [];
  }

  /** The newest lines that tasks have logged, oldest first: 1,000, or `limit`. */
  async log(options: LogOptions = {}): Promise<readonly LogLine[]> {
    const { limit = LOG_LINES, signal } = options;
    assertWhole('limit', limit);
    const body = () => logLinesBody(this.#scope(options), limit);
    return (await this.#session?.read(body, signal)) ?? [];
  }

  /** How long tasks of these paths took in their last ten runs, in ms, newest last. */
  async durations(paths: Iterable<string>): Promise<Durations> {
    const wanted = [...paths];
    const body = () => durationsBody(this.database, wanted);
    return (await this.#session?.read(body)) ?? new Map();
  }

  /** What the active jobs of this database may reserve together; null: no limit. */
  async setMemoryLimit(bytes: number | null): Promise<void> {
    if (bytes !== null) assertWhole('a memory limit', bytes);
    await this.#session?.write(() => setMemoryLimitBody(this.#name, bytes));
  }

  async reservations(): Promise<Reservations> {
    const session = this.#session;
    if (session === undefined) return { limitBytes: null, reservedBytes: 0, byUser: {} };
    await session.reapIfPossible();
    const { limitBytes, byUser } = await session.read(() => reservationsBody(this.database));
    return {
      limitBytes,
      reservedBytes: byUser.reduce((sum, { bytes }) => sum + bytes, 0),
      byUser: Object.fromEntries(byUser.map(({ user, bytes }) => [user, bytes])),
    };
  }

  /**
   * Looks at the owners of active jobs now, and ends the jobs of dead ones as `lost`; answers how
   * many. Lists and subscriptions do so by themselves.
   */
  async reap(): Promise<number> {
    return (await this.#session?.reap()) ?? 0;
  }

  /** A hint that something may have changed, by any process. Never the truth: look. */
  async *changes(signal?: AbortSignal): AsyncIterableIterator<void> {
    if (this.#session) yield* this.#session.engine.changes(signal);
  }

  /**
   * Writes the last progress of this process, waits for what is under way, and closes. Jobs that
   * have not ended stay as they are, and are `lost` when the process has ended. Idempotent.
   */
  async close(): Promise<void> {
    await this.#session?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #wanted(plan: Plan, options: RegisterOptions): Omit<Registration, 'job' | 'owner'> {
    const { memory, onConflict = 'reject' } = options;
    if (memory) {
      assertWhole('memory.minBytes', memory.minBytes);
      assertWhole('memory.maxBytes', memory.maxBytes);
      if (memory.minBytes > memory.maxBytes) {
        throw wrongArgument('range', `memory from ${memory.minBytes} to ${memory.maxBytes} bytes`);
      }
    }
    const user = this.#user(options);
    return { plan, database: this.#name, user, replaces: onConflict === 'replace', memory };
  }

  #user({ user }: { readonly user?: string | undefined }): string {
    return user === undefined ? this.user : userName(user);
  }

  #scope({ user, allUsers, allDatabases, job }: JobFilter): Scope {
    return {
      database: allDatabases ? null : this.database,
      user: allUsers ? null : this.#user({ user }),
      job: job === undefined ? null : jobId(job),
    };
  }

  /** A write to what is in this database; `absent` where there is no such database. */
  async #change<T>(
    absent: T,
    body: (database: number, at: number) => Steps<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { name } = this.#name;
    const session = this.#session;
    if (session === undefined) return absent;
    return await session.write(function* (at) {
      const database = yield* databaseByName(name);
      return database === undefined ? absent : yield* body(database, at);
    }, signal);
  }
}

/** Handles that count for nobody. */
const unrecorded = {
  recording: undefined,
  misuse: () => undefined,
  warn: () => undefined,
  ended: () => undefined,
};

function pageLimit(limit = PAGE_JOBS_MAX): number {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= PAGE_JOBS_MAX) return limit;
  throw wrongArgument('range', `a page has 1 to ${PAGE_JOBS_MAX} jobs, not ${limit}`);
}

function cursorNumber(cursor: string): number {
  const number = Number(cursor);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw wrongArgument('range', `'${cursor}' is no cursor of a page`);
}

function warnOf(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  process.emitWarning(`a listener failed: ${reason}`, 'HoldfastTasksWarning');
}
