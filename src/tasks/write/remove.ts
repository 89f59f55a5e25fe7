import { all, one, run, type Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import type { JobRow } from '../rows.ts';
import { jobByKey } from './jobs.ts';
import { nextTaskSeq, recordEvent } from './journal.ts';

/** Takes away the rows of a job; the caller tells of it. */
export function* deleteJob(id: number): Steps<void> {
  yield* run('DELETE FROM log WHERE job_id = ?', id);
  yield* run('DELETE FROM tasks WHERE job = ?', id);
  yield* run('DELETE FROM jobs WHERE id = ?', id);
}

/** Answers whether there was such a job. @throws CONFLICT for an active one without `force` */
export function* removeBody(
  database: number,
  { user, job, force }: { readonly user: string; readonly job: string; readonly force: boolean },
  at: number,
): Steps<boolean> {
  const row = yield* jobByKey(database, user, job);
  if (row === undefined) return false;
  if (row.is_active === 1 && !force) {
    throw new HoldfastError(
      'CONFLICT',
      `job ${job} of ${user} is active: cancel it, or force this`,
    );
  }
  yield* removeJob(row, at);
  return true;
}

/** Removes a job and tells of it. */
export function* removeJob(row: JobRow, at: number): Steps<void> {
  const taskSeq = yield* nextTaskSeq(row.root);
  yield* recordEvent(row, { task: row.root, taskSeq }, 'removed', at);
  yield* deleteJob(row.id);
}

/**
 * Removes all jobs of a database, or of one user there, and answers how many there were.
 * @throws CONFLICT when some are active, without `force`; nothing is removed then
 */
export function* purgeBody(
  database: number,
  { user, force }: { readonly user: string | null; readonly force: boolean },
  at: number,
): Steps<number> {
  const active = yield* one<{ count: number }>(
    `SELECT COUNT(*) AS count FROM jobs
    WHERE database = ? AND (? IS NULL OR user = ?) AND is_active = 1`,
    ...[database, user, user],
  );
  if (active && active.count > 0 && !force) {
    throw new HoldfastError(
      'CONFLICT',
      `${active.count} jobs are active: cancel them, or force the purge`,
    );
  }
  const jobs: { id: number }[] = yield* all(
    'SELECT id FROM jobs WHERE database = ? AND (? IS NULL OR user = ?)',
    ...[database, user, user],
  );
  if (jobs.length === 0) return 0;
  for (const { id } of jobs) yield* deleteJob(id);
  yield* run(
    "INSERT INTO events (database, user, kind, at, body) VALUES (?, ?, 'cleared', ?, ?)",
    ...[database, user, at, JSON.stringify({ count: jobs.length })],
  );
  return jobs.length;
}
