import { all, one, type Steps, values } from '../../engine/steps.ts';
import type { OwnerIdentity } from '../../owner/identity.ts';
import type { JobRecord, JobTree, TaskRecord, TaskStatus } from '../model/record.ts';
import {
  JOB_COLUMNS,
  type JobValues,
  jobOf,
  TASK_COLUMNS,
  type TaskValues,
  taskOf,
} from '../rows.ts';
import { lastSeq } from '../write/retain.ts';

/** Which jobs; null: whatever it is. */
export interface Scope {
  /** Normalised name. */
  readonly database: string | null;
  readonly user: string | null;
  readonly job: string | null;
}

/** A row of `owners`. */
export interface OwnerRow extends Record<string, unknown> {
  readonly id: number;
  readonly pid: number;
  readonly started_at: string;
  readonly boot_id: string;
  readonly pid_namespace: string;
  readonly host: string;
  readonly command: string;
  readonly cwd: string;
  readonly lease_until: number;
}

/** Which of them, beside the scope. */
export interface PageRequest {
  readonly scope: Scope;
  /** Null: of any status. */
  readonly status: readonly TaskStatus[] | null;
  readonly limit: number;
  /** Jobs with a greater number. */
  readonly after: number;
}

/** Jobs as of one moment. */
export interface JobsPage {
  readonly jobs: readonly JobTree[];
  readonly owners: readonly OwnerRow[];
  readonly hasMore: boolean;
  readonly seq: number;
  readonly counts: Readonly<Record<TaskStatus, number>>;
}

/** What a reader is given of one moment: the page, and counts over all pages. */
export function* pageBody({ scope, status, limit, after }: PageRequest): Steps<JobsPage> {
  const { database, user, job } = scope;
  const statuses = status === null ? null : JSON.stringify(status);
  const rows = yield* values<JobValues>(
    `SELECT ${JOB_COLUMNS} FROM jobs j
    JOIN databases d ON d.id = j.database JOIN tasks r ON r.id = j.root
    WHERE (? IS NULL OR d.name = ?) AND (? IS NULL OR j.user = ?) AND (? IS NULL OR j.job = ?)
      AND (? IS NULL OR r.status IN (SELECT value FROM json_each(?))) AND j.id > ?
    ORDER BY j.id LIMIT ?`,
    ...[database, database, user, user, job, job, statuses, statuses, after, limit + 1],
  );
  const page = rows.slice(0, limit).map(jobOf);
  return {
    jobs: yield* treesOf(page),
    owners: yield* ownersOf(page),
    hasMore: rows.length > limit,
    seq: yield* lastSeq(),
    counts: yield* countsOf(scope),
  };
}

export const emptyCounts: Readonly<Record<TaskStatus, number>> = {
  pending: 0,
  running: 0,
  finished: 0,
  failed: 0,
  canceled: 0,
  lost: 0,
};

function* countsOf({ database, user, job }: Scope): Steps<Record<TaskStatus, number>> {
  const rows: { status: TaskStatus; count: number }[] = yield* all(
    `SELECT r.status, COUNT(*) AS count FROM jobs j
    JOIN databases d ON d.id = j.database JOIN tasks r ON r.id = j.root
    WHERE (? IS NULL OR d.name = ?) AND (? IS NULL OR j.user = ?) AND (? IS NULL OR j.job = ?)
    GROUP BY r.status`,
    ...[database, database, user, user, job, job],
  );
  const counts: Record<TaskStatus, number> = { ...emptyCounts };
  for (const { status, count } of rows) counts[status] = count;
  return counts;
}

function* treesOf(jobs: readonly JobRecord[]): Steps<readonly JobTree[]> {
  const rows = yield* values<TaskValues>(
    `SELECT ${TASK_COLUMNS} FROM tasks
    WHERE job IN (SELECT value FROM json_each(?)) ORDER BY id`,
    JSON.stringify(jobs.map(({ id }) => id)),
  );
  const tasks = new Map<number, TaskRecord[]>(jobs.map(({ id }) => [id, []]));
  for (const row of rows) tasks.get(row[1])?.push(taskOf(row));
  return jobs.map((job) => ({ job, tasks: tasks.get(job.id) ?? [] }));
}

function* ownersOf(jobs: readonly JobRecord[]): Steps<readonly OwnerRow[]> {
  return yield* all<OwnerRow>(
    'SELECT * FROM owners WHERE id IN (SELECT value FROM json_each(?))',
    JSON.stringify([...new Set(jobs.map(({ owner }) => owner))]),
  );
}

/** Those who own a job that has not ended. */
export function* activeOwners(): Steps<readonly OwnerRow[]> {
  return yield* all<OwnerRow>(
    'SELECT * FROM owners WHERE id IN (SELECT owner FROM jobs WHERE is_active = 1)',
  );
}

export function identityOf(row: OwnerRow): OwnerIdentity {
  return {
    pid: row.pid,
    startedAt: row.started_at,
    bootId: row.boot_id,
    pidNamespace: row.pid_namespace,
  };
}

/** A database of the file. */
export interface DatabaseInfo {
  /** Normalised. */
  readonly name: string;
  /** As it was first written. */
  readonly display: string;
  readonly jobs: number;
  /** Those of them that have not ended. */
  readonly active: number;
}

export function* databasesBody(): Steps<readonly DatabaseInfo[]> {
  const rows: DatabaseInfo[] = yield* all(
    `SELECT d.name, d.display, COUNT(j.id) AS jobs, COALESCE(SUM(j.is_active), 0) AS active
    FROM databases d LEFT JOIN jobs j ON j.database = d.id GROUP BY d.id ORDER BY d.name`,
  );
  return rows.map((row) => ({ ...row }));
}

/** Names of databases by the ids that events have. */
export function* databaseNames(): Steps<ReadonlyMap<number, string>> {
  const rows: { id: number; name: string }[] = yield* all('SELECT id, name FROM databases');
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** What active jobs reserve, by user, and the limit of a database. */
export function* reservationsBody(database: string): Steps<{
  readonly limitBytes: number | null;
  readonly byUser: readonly { readonly user: string; readonly bytes: number }[];
}> {
  const row = yield* one<{ limit_bytes: number | null }>(
    'SELECT memory_limit_bytes AS limit_bytes FROM databases WHERE name = ?',
    database,
  );
  const byUser: { user: string; bytes: number }[] = yield* all(
    `SELECT user, SUM(reserved_bytes) AS bytes FROM jobs
    WHERE database = (SELECT id FROM databases WHERE name = ?) AND is_active = 1
    GROUP BY user HAVING bytes > 0 ORDER BY user`,
    database,
  );
  return { limitBytes: row?.limit_bytes ?? null, byUser };
}
