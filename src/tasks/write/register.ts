import { one, run, type Steps, values } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import type { Plan } from '../model/plan.ts';
import type { JobRecord, JobTree } from '../model/record.ts';
import type { DatabaseName } from '../names.ts';
import { JOB_COLUMNS, type JobRow, type JobValues, jobOf } from '../rows.ts';
import { databaseRow } from './databases.ts';
import { jobByKey } from './jobs.ts';
import { recordEvent } from './journal.ts';
import { type Owner, ownerRow } from './owners.ts';
import { deleteJob } from './remove.ts';
import { requireBudget } from './reserve.ts';
import { insertTasks } from './tasks.ts';

/** What is to be registered, checked. */
export interface Registration {
  readonly plan: Plan;
  readonly database: DatabaseName;
  readonly user: string;
  readonly job: string;
  readonly owner: Owner;
  readonly replaces: boolean;
  readonly memory: { readonly minBytes: number; readonly maxBytes: number } | undefined;
}

/** A job that was registered, and the owner's row. */
export interface Registered extends JobTree {
  readonly owner: number;
}

/**
 * Makes the job, and takes the place of one that has the id already: always of one that has ended,
 * of an active one only where the caller says so.
 * @throws CONFLICT, BUDGET_EXCEEDED
 */
export function* registerBody(wanted: Registration, at: number): Steps<Registered> {
  const database = yield* databaseRow(wanted.database);
  const owner = yield* ownerRow(wanted.owner);
  const former = yield* jobByKey(database, wanted.user, wanted.job);
  if (former && former.is_active === 1 && !wanted.replaces) throw taken(former);
  if (former) yield* deleteJob(former.id);
  const reservedBytes = wanted.memory?.maxBytes ?? 0;
  yield* requireBudget(database, wanted.job, reservedBytes);
  const id = yield* insertJob(wanted, { database, owner, reservedBytes, former, at });
  const place = { job: id, parent: null, concurrency: null };
  const [root, ...others] = yield* insertTasks([wanted.plan], place);
  if (root === undefined) throw new TypeError('a job without a task');
  yield* run('UPDATE jobs SET root = ? WHERE id = ?', root.id, id);
  yield* run('UPDATE tasks SET task_seq = 1 WHERE id = ?', root.id);
  const tasks = [{ ...root, taskSeq: 1 }, ...others];
  const record = yield* jobRecord(id);
  const key = { id, database, user: wanted.user, job: wanted.job };
  const body = former ? { record, tasks, former: former.id } : { record, tasks };
  const kind = former ? 'replaced' : 'stored';
  yield* recordEvent(key, { task: root.id, taskSeq: 1 }, kind, at, body);
  return { job: record, tasks, owner };
}

interface Insertion {
  readonly database: number;
  readonly owner: number;
  readonly reservedBytes: number;
  readonly former: JobRow | undefined;
  readonly at: number;
}

function* insertJob(wanted: Registration, into: Insertion): Steps<number> {
  const row = yield* one<{ id: number }>(
    `INSERT INTO jobs (database, user, job, generation, root, owner, is_active, created_at,
      memory_min_bytes, memory_max_bytes, reserved_bytes)
    VALUES (?, ?, ?, ?, 0, ?, 1, ?, ?, ?, ?) RETURNING id`,
    ...[into.database, wanted.user, wanted.job, (into.former?.generation ?? 0) + 1],
    ...[into.owner, into.at, wanted.memory?.minBytes ?? null, wanted.memory?.maxBytes ?? null],
    into.reservedBytes,
  );
  return row?.id ?? 0;
}

function* jobRecord(id: number): Steps<JobRecord> {
  const [row] = yield* values<JobValues>(
    `SELECT ${JOB_COLUMNS} FROM jobs j JOIN databases d ON d.id = j.database WHERE j.id = ?`,
    id,
  );
  if (row === undefined) throw new TypeError('a job that was just made is not there');
  return jobOf(row);
}

function taken({ job, user }: JobRow): HoldfastError {
  return new HoldfastError('CONFLICT', `job ${job} of ${user} is active: end or replace it first`);
}
