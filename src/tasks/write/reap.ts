import { all, one, run, type Steps } from '../../engine/steps.ts';
import type { JobRow, TaskRow } from '../rows.ts';
import { endTask, endWithin } from './end.ts';

/** An owner whose process is gone, or whose lease has run out where it cannot be looked at. */
export interface GoneOwner {
  readonly id: number;
  /** Set: it may live, and gets back what it lost if it renews the lease. */
  readonly leaseUntil?: number | undefined;
}

/**
 * Ends the active tasks of owners that are gone as `lost`, and answers how many jobs that were. Who
 * comes second finds none that is active: each is lost once, whoever looks first.
 */
export function* reapBody(owners: readonly GoneOwner[], at: number): Steps<number> {
  let count = 0;
  for (const owner of owners) {
    if (owner.leaseUntil !== undefined && !(yield* markPresumed(owner.id, owner.leaseUntil))) {
      continue;
    }
    const jobs: JobRow[] = yield* all(
      `SELECT j.*, d.name AS database_name FROM jobs j JOIN databases d ON d.id = j.database
      WHERE j.owner = ? AND j.is_active = 1 ORDER BY j.id`,
      owner.id,
    );
    for (const job of jobs) yield* loseJob(job, at);
    count += jobs.length;
  }
  return count;
}

/** Whether the lease is still the one that ran out. */
function* markPresumed(owner: number, leaseUntil: number): Steps<boolean> {
  const changed = yield* run(
    'UPDATE owners SET lost_by_lease = 1 WHERE id = ? AND lease_until = ?',
    ...[owner, leaseUntil],
  );
  return changed === 1;
}

function* loseJob(job: JobRow, at: number): Steps<void> {
  const root: TaskRow | undefined = yield* one('SELECT * FROM tasks WHERE id = ?', job.root);
  if (root === undefined) return;
  const end = { status: 'lost', sightings: new Map(), at } as const;
  yield* endWithin(root, job, end);
  yield* endTask(root, job, end);
}
