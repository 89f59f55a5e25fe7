/** `leaf`: has progress of its own. `group`: children in order or side by side. `iterative`: rounds. */
export type TaskKind = 'leaf' | 'group' | 'iterative';

/**
 * `pending` and `running` are active, the others final. `lost`: the process that owned the task died
 * before it ended it.
 */
export type TaskStatus = 'pending' | 'running' | 'finished' | 'failed' | 'canceled' | 'lost';

/** Of a group: whether one child may run at a time, or any number. */
export type GroupMode = 'sequential' | 'parallel';

/** Of an iterative task: exactly, at most, or any number of rounds. */
export type IterationMode = 'fixed' | 'dynamic' | 'open';

/** One task as of one moment. */
export interface TaskRecord {
  /** Never given to another task of the same file. */
  readonly id: number;
  /** The task that it is a part of; null for the root of a job. */
  readonly parent: number | null;
  readonly kind: TaskKind;
  readonly name: string;
  readonly status: TaskStatus;
  /** Null for a leaf. */
  readonly mode: GroupMode | IterationMode | null;
  /** Of an iterative task: children that one round has. */
  readonly roundSize: number | null;
  /** What progress counts, as `rows`; null: nothing was said. */
  readonly unit: string | null;
  /** How much it counts within its parent; null: by volume if all units agree, else as much as others. */
  readonly weight: number | null;
  /** Of a leaf: how much there is to do; null: unknown. */
  readonly volume: number | null;
  /** Of a leaf: how much of it is done. May pass the volume, which was an estimate then. */
  readonly progress: number;
  /** What it is doing, in words. */
  readonly message: string | null;
  /** Why it failed. */
  readonly error: string | null;
  /** Left out when its parent ended: it counts for nothing. */
  readonly isExcluded: boolean;
  /** Threads or processes it uses at most; that of its parent where nothing was said. */
  readonly concurrency: number | null;
  /** Epoch ms. */
  readonly startedAt: number | null;
  /** Epoch ms; set by every final status. */
  readonly finishedAt: number | null;
  /** Number of the last event of this task: 1, 2, 3, …; 0 before the first. */
  readonly taskSeq: number;
}

/** One job as of one moment, without its tasks. */
export interface JobRecord {
  /** Number of this registration, never given to another one of the same file. */
  readonly id: number;
  /** Normalised name. */
  readonly database: string;
  readonly user: string;
  readonly job: string;
  /** 1, and one more each time the job's id is used again. */
  readonly generation: number;
  /** Id of its root task, whose name and status are the job's. */
  readonly root: number;
  /** Id of the process that registered it. */
  readonly owner: number;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Epoch ms; null: nobody has asked to cancel it. */
  readonly cancelRequestedAt: number | null;
  /** Estimate, in bytes. */
  readonly memoryMinBytes: number | null;
  readonly memoryMaxBytes: number | null;
  /** What it holds of the database's memory limit, while it is active only. */
  readonly reservedBytes: number;
}

/** A job with all its tasks, parents before their children, siblings in their order. */
export interface JobTree {
  readonly job: JobRecord;
  readonly tasks: readonly TaskRecord[];
}

/** Who runs a job. */
export interface OwnerRecord {
  readonly id: number;
  readonly pid: number;
  readonly host: string;
  /** The command line, cut to 1,024 characters. */
  readonly command: string;
  readonly cwd: string;
  /** Until when it said that it lives, epoch ms; renewed while its threads run. */
  readonly leaseUntil: number;
  /**
   * `alive`; `unresponsive`: its process lives, or cannot be looked at, and its lease has run out;
   * `dead`: its active tasks become `lost` as soon as somebody looks.
   */
  readonly state: 'alive' | 'unresponsive' | 'dead';
}

const FINAL: ReadonlySet<TaskStatus> = new Set(['finished', 'failed', 'canceled', 'lost']);

/** Whether a task of this status goes nowhere from it. */
export function isFinal(status: TaskStatus): boolean {
  return FINAL.has(status);
}
