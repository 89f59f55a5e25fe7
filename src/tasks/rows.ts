import type {
  GroupMode,
  IterationMode,
  JobRecord,
  TaskKind,
  TaskRecord,
  TaskStatus,
} from './model/record.ts';

/** A row of `tasks`. */
export interface TaskRow {
  readonly id: number;
  readonly job: number;
  readonly parent: number | null;
  readonly kind: TaskKind;
  readonly name: string;
  readonly status: TaskStatus;
  readonly mode: GroupMode | IterationMode | null;
  readonly round_size: number | null;
  readonly rounds: number | null;
  readonly unit: string | null;
  readonly weight: number | null;
  readonly volume: number | null;
  readonly progress: number;
  readonly message: string | null;
  readonly error: string | null;
  readonly is_excluded: number;
  readonly concurrency: number | null;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly task_seq: number;
}

/** A row of `jobs`, with the name of its database. */
export interface JobRow {
  readonly id: number;
  readonly database: number;
  readonly database_name: string;
  readonly user: string;
  readonly job: string;
  readonly generation: number;
  readonly root: number;
  readonly owner: number;
  readonly is_active: number;
  readonly created_at: number;
  readonly cancel_requested_at: number | null;
  readonly memory_min_bytes: number | null;
  readonly memory_max_bytes: number | null;
  readonly reserved_bytes: number;
}

export function taskOf(row: TaskRow): TaskRecord {
  return {
    id: row.id,
    parent: row.parent,
    kind: row.kind,
    name: row.name,
    status: row.status,
    mode: row.mode,
    roundSize: row.round_size,
    unit: row.unit,
    weight: row.weight,
    volume: row.volume,
    progress: row.progress,
    message: row.message,
    error: row.error,
    isExcluded: row.is_excluded === 1,
    concurrency: row.concurrency,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    taskSeq: row.task_seq,
  };
}

export function jobOf(row: JobRow): JobRecord {
  return {
    id: row.id,
    database: row.database_name,
    user: row.user,
    job: row.job,
    generation: row.generation,
    root: row.root,
    owner: row.owner,
    createdAt: row.created_at,
    cancelRequestedAt: row.cancel_requested_at,
    memoryMinBytes: row.memory_min_bytes,
    memoryMaxBytes: row.memory_max_bytes,
    reservedBytes: row.reserved_bytes,
  };
}
