import { one, run, type Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import { requireJob } from './jobs.ts';
import { nextTaskSeq, recordEvent } from './journal.ts';

/**
 * What is reserved is added up from the active jobs each time, so that nothing is left behind by one
 * that has ended, was lost or is gone. `bytes` come on top of it.
 * @throws BUDGET_EXCEEDED
 */
export function* requireBudget(database: number, job: string, bytes: number): Steps<void> {
  if (bytes === 0) return;
  const row = yield* one<{ limit_bytes: number | null; reserved: number }>(
    `SELECT memory_limit_bytes AS limit_bytes,
      (SELECT COALESCE(SUM(reserved_bytes), 0) FROM jobs
        WHERE database = d.id AND is_active = 1) AS reserved
    FROM databases d WHERE d.id = ?`,
    database,
  );
  if (row === undefined || row.limit_bytes === null) return;
  const left = row.limit_bytes - row.reserved;
  if (bytes <= left) return;
  throw new HoldfastError(
    'BUDGET_EXCEEDED',
    `job ${job} wants ${bytes} bytes more, and ${Math.max(0, left)} of ${row.limit_bytes} are left`,
  );
}

/**
 * Makes `bytes` the whole of what an active job reserves; less than before is never refused.
 * @throws BUDGET_EXCEEDED, ILLEGAL_TRANSITION when it has ended, DETACHED
 */
export function* reserveBody(id: number, bytes: number, at: number): Steps<void> {
  const job = yield* requireJob(id);
  if (job.is_active !== 1) {
    throw new HoldfastError('ILLEGAL_TRANSITION', `job ${job.job} has ended and reserves nothing`);
  }
  const more = bytes - job.reserved_bytes;
  if (more > 0) yield* requireBudget(job.database, job.job, more);
  yield* run('UPDATE jobs SET reserved_bytes = ? WHERE id = ?', bytes, id);
  const taskSeq = yield* nextTaskSeq(job.root);
  const body = { reservedBytes: bytes };
  yield* recordEvent(job, { task: job.root, taskSeq }, 'reserved', at, body);
}
