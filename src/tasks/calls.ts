import type { TaskEvent } from './model/event.ts';
import type { JobTree, OwnerRecord, TaskStatus } from './model/record.ts';

/** Names one job; `user` is that of the store's handle by default. */
export interface JobOptions {
  readonly user?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RegisterOptions {
  /** Id of the job, 1 to 128 of `A-Z a-z 0-9 . _ : -`; a new UUID of version 7 by default. */
  readonly job?: string | undefined;
  readonly user?: string | undefined;
  /** When an active job has this id already: CONFLICT, or take its place. Default `reject`. */
  readonly onConflict?: 'reject' | 'replace' | undefined;
  /** Estimate of the memory it needs. Its upper bound is reserved if the database has a limit. */
  readonly memory?: { readonly minBytes: number; readonly maxBytes: number } | undefined;
  /** When this is aborted, the registration is given up; a registered job is not touched by it. */
  readonly signal?: AbortSignal | undefined;
}

/** Which jobs are meant. All conditions hold together. */
export interface JobFilter {
  /** Default: that of the store's handle. */
  readonly user?: string | undefined;
  /** Jobs of every user. */
  readonly allUsers?: boolean | undefined;
  /** Jobs of every database of the file. */
  readonly allDatabases?: boolean | undefined;
  readonly job?: string | undefined;
}

export interface ListOptions extends JobFilter {
  /** Only jobs whose root has one of these. */
  readonly status?: readonly TaskStatus[] | undefined;
  /** Only jobs that have not ended. */
  readonly active?: boolean | undefined;
  /** Jobs in a page, 1 to 1,000; 1,000 by default. */
  readonly limit?: number | undefined;
  /** From a former page. */
  readonly cursor?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RemoveOptions extends JobOptions {
  /** Active ones too. Default false. */
  readonly force?: boolean | undefined;
}

export interface PurgeOptions extends RemoveOptions {
  readonly allUsers?: boolean | undefined;
}

export interface HistoryOptions extends JobFilter {
  /** Only events before this `seq`. */
  readonly before?: number | undefined;
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LogOptions extends JobFilter {
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A job as of one moment. */
export interface JobInfo extends JobTree {
  readonly owner: OwnerRecord;
}

/** Jobs in the order of their registration, newest last, all as of one moment. */
export interface Listing {
  readonly items: readonly JobInfo[];
  /** For the next page; undefined when there is none. */
  readonly cursor: string | undefined;
  /** `seq` of the last event that the page holds the outcome of. */
  readonly seq: number;
  /** Of all jobs that the filter means, on this page or not, by the status of their roots. */
  readonly counts: Readonly<Record<TaskStatus, number>>;
}

export interface SubscribeOptions extends JobFilter {
  /** Goes on behind this event, without a snapshot if nothing is missing since. */
  readonly after?: number | undefined;
  /**
   * Keeps in the file how far this reader has come, so that it goes on there after a restart: what
   * was given to it and not asked past may be given again. One reader a name at a time.
   */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListenOptions extends Omit<SubscribeOptions, 'signal'> {
  /** Called with what the handler throws, and with what ends the listener. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What a subscriber gets: first all there is, then every change of it in the order of commits. */
export type Update =
  | {
      /** `reset`: events that this reader has not seen were compacted; here is all there is now. */
      readonly kind: 'snapshot' | 'reset';
      readonly seq: number;
      readonly jobs: readonly JobTree[];
      readonly owners: readonly OwnerRecord[];
    }
  | { readonly kind: 'events'; readonly seq: number; readonly events: readonly TaskEvent[] };

/** A line of a user's log. */
export interface LogLine {
  readonly id: number;
  readonly at: number;
  readonly user: string;
  readonly job: string;
  readonly jobId: number;
  readonly task: number;
  /** Names of the tasks from the root on, joined by ` :: `. */
  readonly path: string;
  readonly level: 'info' | 'warning';
  readonly message: string;
}

/** How long tasks of one path took in former runs, in ms, newest last, ten at most. */
export type Durations = ReadonlyMap<string, readonly number[]>;

/** What the active jobs of a database reserve of its memory limit. */
export interface Reservations {
  /** Null: no limit. */
  readonly limitBytes: number | null;
  readonly reservedBytes: number;
  readonly byUser: Readonly<Record<string, number>>;
}

/** In the shape of MCP progress notifications: `progress` only grows. */
export interface ProgressReport {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}
