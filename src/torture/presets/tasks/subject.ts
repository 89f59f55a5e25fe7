/** Where a subject keeps its store. */
export interface TasksSetup {
  /** Need not exist. */
  readonly dir: string;
}

/** A job as of one moment. Each has one task, which is a leaf of unknown volume. */
export interface SubjectJobRow {
  readonly job: string;
  /** Number of the registration, never given to another one. */
  readonly jobId: number;
  /** 1, and one more each time the job's id is used again. */
  readonly generation: number;
  /** `pending`, `running`, `finished`, `failed`, `canceled`, `lost`. */
  readonly status: string;
  readonly progress: number;
  /** Process that registered it; of what a listener knows 0. */
  readonly pid: number;
  /** All that the store says of it, as text: two that are equal say the same. */
  readonly record: string;
}

/** Jobs of one database, all as of one moment. */
export interface SubjectListing {
  /** Of the last event that it holds the outcome of. */
  readonly seq: number;
  readonly rows: readonly SubjectJobRow[];
  /** How many jobs there are, by the store's own count. */
  readonly count: number;
}

/** A committed change. */
export interface SubjectEvent {
  /** 1, 2, 3, … without a gap, in the order of commits. */
  readonly seq: number;
  /** `stored`, `replaced`, `started`, `progress`, `finished`, `failed`, `canceled`, `lost`, `removed`, … */
  readonly kind: string;
  /** The one spelling that the store has of it. */
  readonly database: string;
  readonly job: string;
  readonly jobId: number;
  readonly task: number;
  /** 1, 2, 3, … without a gap for each task. */
  readonly taskSeq: number;
  /** Of a registration. */
  readonly generation?: number | undefined;
  /** Of one that took the place of another: the other one's `jobId`. */
  readonly former?: number | undefined;
  /** Of progress, and of an end. */
  readonly progress?: number | undefined;
}

/** What a listener is given: all there is, and then every change. */
export interface SubjectUpdate {
  readonly kind: 'snapshot' | 'reset' | 'events';
  readonly seq: number;
  readonly events: readonly SubjectEvent[];
}

/** A listener, and the table that it makes of what it is given. */
export interface SubjectListener {
  /** Of the last event that is in the table; -1 before there is one. */
  readonly seq: number;
  readonly rows: readonly SubjectJobRow[];
  /** How often `hear` has thrown. */
  readonly errors: number;
  close(): Promise<void>;
}

/** A job that this process has registered. */
export interface SubjectJob {
  readonly generation: number;
  /** As this process knows it. */
  readonly status: string;
  /** Whether the process was told that the job is to be canceled or is no longer its own. */
  readonly isAborted: boolean;
  /** Of one that runs. */
  advance(amount: number): void;
  /** @throws ILLEGAL_TRANSITION unless it is pending; DETACHED when it was removed or replaced */
  start(): Promise<void>;
  /** @throws ILLEGAL_TRANSITION unless it runs, DETACHED */
  finish(): Promise<void>;
  /** @throws ILLEGAL_TRANSITION when it has ended, DETACHED */
  fail(): Promise<void>;
  /** @throws ILLEGAL_TRANSITION when it has ended, DETACHED */
  cancel(): Promise<void>;
}

/** How a job is registered. */
export interface SubjectRegistration {
  /** Default `default`; spellings that differ in case, outer space or composition are one. */
  readonly database?: string | undefined;
  /** Whether it takes the place of an active job. */
  readonly replaces?: boolean | undefined;
}

/**
 * A store of tasks under test: the library, or a broken twin. Refusals are errors with the codes
 * CONFLICT, DETACHED and ILLEGAL_TRANSITION. Jobs of processes that have died are `lost` to everybody
 * who looks.
 */
export interface TasksSubject {
  /** @throws CONFLICT when there is an active job of that id, unless it is to be replaced */
  register(job: string, options?: SubjectRegistration): Promise<SubjectJob>;
  get(job: string): Promise<SubjectJobRow | undefined>;
  list(database?: string): Promise<SubjectListing>;
  /** Answers whether there was one. @throws CONFLICT while it is active, without `force` */
  remove(job: string, force: boolean): Promise<boolean>;
  /** Answers whether there is an active one. */
  requestCancel(job: string): Promise<boolean>;
  /** The databases of the file, with the number of their jobs. */
  databases(): Promise<readonly { readonly name: string; readonly jobs: number }[]>;
  /** From now on, or behind an event. What `hear` throws, and how long it takes, disturbs nobody. */
  listen(hear: Hear, options?: { readonly after?: number | undefined }): SubjectListener;
  /** Every event there has been. */
  log(): Promise<readonly SubjectEvent[]>;
  close(): Promise<void>;
}

/** The next update waits for its promise. */
export type Hear = (update: SubjectUpdate) => void | Promise<void>;

/** What the module of a subject exports. */
export interface TasksSubjectModule {
  readonly openSubject: (setup: TasksSetup) => Promise<TasksSubject>;
}
