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

/** What `taskOf` reads, in its order. */
export const TASK_COLUMNS = `id, job, parent, kind, name, status, mode, round_size, unit, weight,
  volume, progress, message, error, is_excluded, concurrency, started_at, finished_at, task_seq`;

/** A row of `TASK_COLUMNS`. */
export type TaskValues = readonly [
  id: number,
  job: number,
  parent: number | null,
  kind: TaskKind,
  name: string,
  status: TaskStatus,
  mode: GroupMode | IterationMode | null,
  roundSize: number | null,
  unit: string | null,
  weight: number | null,
  volume: number | null,
  progress: number,
  message: string | null,
  error: string | null,
  isExcluded: number,
  concurrency: number | null,
  startedAt: number | null,
  finishedAt: number | null,
  taskSeq: number,
];

export function taskOf(row: TaskValues): TaskRecord {
  return {
    id: row[0],
    parent: row[2],
    kind: row[3],
    name: row[4],
    status: row[5],
    mode: row[6],
    roundSize: row[7],
    unit: row[8],
    weight: row[9],
    volume: row[10],
    progress: row[11],
    message: row[12],
    error: row[13],
    isExcluded: row[14] === 1,
    concurrency: row[15],
    startedAt: row[16],
    finishedAt: row[17],
    taskSeq: row[18],
  };
}

/** What `jobOf` reads, in its order, of a job `j` and its database `d`. */
export const JOB_COLUMNS = `j.id, d.name, j.user, j.job, j.generation, j.root, j.owner, j.created_at,
  j.cancel_requested_at, j.memory_min_bytes, j.memory_max_bytes, j.reserved_bytes`;

/** A row of `JOB_COLUMNS`. */
export type JobValues = readonly [
  id: number,
  database: string,
  user: string,
  job: string,
  generation: number,
  root: number,
  owner: number,
  createdAt: number,
  cancelRequestedAt: number | null,
  memoryMinBytes: number | null,
  memoryMaxBytes: number | null,
  reservedBytes: number,
];

export function jobOf(row: JobValues): JobRecord {
  return {
    id: row[0],
    database: row[1],
    user: row[2],
    job: row[3],
    generation: row[4],
    root: row[5],
    owner: row[6],
    createdAt: row[7],
    cancelRequestedAt: row[8],
    memoryMinBytes: row[9],
    memoryMaxBytes: row[10],
    reservedBytes: row[11],
  };
}
