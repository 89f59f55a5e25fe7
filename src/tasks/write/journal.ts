import { one, run, type Steps } from '../../engine/steps.ts';
import type { EventKind } from '../model/event.ts';

/** Whose event it is: what each row of a job's events repeats, because the log outlives the job. */
export interface JobKey {
  /** Id of its row. */
  readonly id: number;
  /** Id of its database's row. */
  readonly database: number;
  readonly user: string;
  readonly job: string;
}

/** Writes an event of a task, in the transaction of the change that it tells of. */
export function* recordEvent(
  { id, database, user, job }: JobKey,
  { task, taskSeq }: { readonly task: number; readonly taskSeq: number },
  kind: EventKind,
  at: number,
  body?: object,
): Steps<void> {
  yield* run(
    `INSERT INTO events (database, user, job, job_id, task, task_seq, kind, at, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[database, user, job, id, task, taskSeq, kind, at],
    body ? JSON.stringify(body) : null,
  );
}

/** Gives the next number to an event of a task whose row says nothing else of it. */
export function* nextTaskSeq(task: number): Steps<number> {
  const row = yield* one<{ task_seq: number }>(
    'UPDATE tasks SET task_seq = task_seq + 1 WHERE id = ? RETURNING task_seq',
    task,
  );
  return row?.task_seq ?? 0;
}
