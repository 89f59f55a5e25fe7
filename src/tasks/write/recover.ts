import { all, one, run, type Steps } from '../../engine/steps.ts';
import { LEASE_MS } from './owners.ts';

/**
 * For a transition that the owner of a job asks for, and so lives: gives it back its tasks, should
 * others have given them up meanwhile. Answers whether they had.
 */
export function* recoverJob(job: number, at: number): Steps<boolean> {
  const owner = yield* one<{ readonly id: number }>(
    `UPDATE owners SET lease_until = ?, lost_by_lease = 0
    WHERE id = (SELECT owner FROM jobs WHERE id = ?) AND lost_by_lease = 1 RETURNING id`,
    ...[at + LEASE_MS, job],
  );
  if (owner === undefined) return false;
  yield* recoverTasks(owner.id, at);
  return true;
}

/** Takes back what others have given up: nothing but a lease that had run out ended these tasks. */
export function* recoverTasks(ownerId: number, at: number): Steps<void> {
  const tasks: { readonly id: number; readonly job: number; readonly body: string }[] = yield* all(
    `UPDATE tasks SET task_seq = task_seq + 1, finished_at = NULL,
      status = CASE WHEN started_at IS NULL THEN 'pending' ELSE 'running' END
    WHERE status = 'lost' AND job IN (SELECT id FROM jobs WHERE owner = ?)
    RETURNING id, job, task_seq, json_object('status', status) AS body`,
    ownerId,
  );
  // Parents were made before their children.
  const inOrder = JSON.stringify(tasks.sort((one, other) => one.id - other.id));
  yield* run(
    `UPDATE jobs SET is_active = 1, ended_at = NULL
    WHERE id IN (SELECT value ->> 'job' FROM json_each(?))`,
    inOrder,
  );
  yield* run(
    `INSERT INTO events (database, user, job, job_id, task, task_seq, kind, at, body)
    SELECT j.database, j.user, j.job, j.id, e.value ->> 'id', e.value ->> 'task_seq', 'recovered',
      ?, e.value ->> 'body'
    FROM json_each(?) e JOIN jobs j ON j.id = e.value ->> 'job' ORDER BY e.key`,
    ...[at, inOrder],
  );
}
