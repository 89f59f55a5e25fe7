import { run, type Steps } from '../../engine/steps.ts';
import { jobByKey } from './jobs.ts';
import { nextTaskSeq, recordEvent } from './journal.ts';

/**
 * Asks the owner of a job to cancel it: a flag, which its process sees within its next flush. Answers
 * whether there is such a job and it is active; asking twice changes nothing.
 */
export function* requestCancelBody(
  database: number,
  { user, job }: { readonly user: string; readonly job: string },
  at: number,
): Steps<boolean> {
  const row = yield* jobByKey(database, user, job);
  if (row === undefined || row.is_active === 0) return false;
  if (row.cancel_requested_at !== null) return true;
  yield* run('UPDATE jobs SET cancel_requested_at = ? WHERE id = ?', at, row.id);
  const taskSeq = yield* nextTaskSeq(row.root);
  yield* recordEvent(row, { task: row.root, taskSeq }, 'cancel-requested', at);
  return true;
}
