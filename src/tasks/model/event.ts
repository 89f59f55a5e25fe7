import type { JobRecord, TaskRecord, TaskStatus } from './record.ts';

/** What all events have. */
interface EventBase {
  /** 1, 2, 3, … without a gap over all databases of a file, in the order of commits. */
  readonly seq: number;
  /** Epoch ms; the time of the change itself. */
  readonly at: number;
  readonly database: string;
}

/** What all events of one job have. */
interface JobEventBase extends EventBase {
  readonly user: string;
  readonly job: string;
  /** `id` of its `JobRecord`. */
  readonly jobId: number;
}

/** What all events of one task have. */
interface TaskEventBase extends JobEventBase {
  readonly task: number;
  /** 1, 2, 3, … without a gap for each task. */
  readonly taskSeq: number;
}

/** A task that has moved since the last look: its new, absolute progress, and what it says. */
export interface Movement {
  readonly task: number;
  readonly taskSeq: number;
  readonly progress: number;
  readonly message: string | null;
}

/** A job was registered: its root task's first event. */
export interface StoredEvent extends TaskEventBase {
  readonly kind: 'stored';
  readonly record: JobRecord;
  readonly tasks: readonly TaskRecord[];
}

/** A job was registered in the place of one with the same id, whose tasks are gone. */
export interface ReplacedEvent extends TaskEventBase {
  readonly kind: 'replaced';
  readonly record: JobRecord;
  readonly tasks: readonly TaskRecord[];
  /** `id` of the former `JobRecord`. */
  readonly former: number;
}

/** A task got more children. */
export interface AddedEvent extends TaskEventBase {
  readonly kind: 'added';
  readonly tasks: readonly TaskRecord[];
}

export interface StartedEvent extends TaskEventBase {
  readonly kind: 'started';
}

/** What moved in one job since the last look; each task has its own `taskSeq`. */
export interface ProgressEvent extends JobEventBase {
  readonly kind: 'progress';
  readonly movements: readonly Movement[];
}

export interface VolumeEvent extends TaskEventBase {
  readonly kind: 'volume';
  readonly volume: number | null;
}

/** A line for the user's log. */
export interface LogEvent extends TaskEventBase {
  readonly kind: 'log';
  readonly level: 'info' | 'warning';
  readonly message: string;
}

/** Of the root task. */
export interface CancelRequestedEvent extends TaskEventBase {
  readonly kind: 'cancel-requested';
}

/** A task came to its end; what it shows then is in the event. */
export interface EndedEvent extends TaskEventBase {
  readonly kind: 'finished' | 'failed' | 'canceled' | 'lost';
  readonly progress: number;
  readonly volume: number | null;
  readonly message: string | null;
  readonly error: string | null;
  readonly isExcluded: boolean;
}

/** An owner that was thought dead, because its lease was over and it could not be looked at, is back. */
export interface RecoveredEvent extends TaskEventBase {
  readonly kind: 'recovered';
  readonly status: TaskStatus;
}

/** A job reserves another share of the memory limit. Of the root task. */
export interface ReservedEvent extends TaskEventBase {
  readonly kind: 'reserved';
  readonly reservedBytes: number;
}

/** A job and its tasks were removed. Of the root task, its last. */
export interface RemovedEvent extends TaskEventBase {
  readonly kind: 'removed';
}

/** Every job of a database was removed; of `user` only, if there is one. */
export interface ClearedEvent extends EventBase {
  readonly kind: 'cleared';
  readonly user: string | null;
  readonly count: number;
}

/** A change of one job. */
export type JobEvent =
  | StoredEvent
  | ReplacedEvent
  | AddedEvent
  | StartedEvent
  | ProgressEvent
  | VolumeEvent
  | LogEvent
  | CancelRequestedEvent
  | EndedEvent
  | RecoveredEvent
  | ReservedEvent
  | RemovedEvent;

/** One committed change. */
export type TaskEvent = JobEvent | ClearedEvent;

export type EventKind = TaskEvent['kind'];
