import { all, one, run, type Steps } from '../../engine/steps.ts';
import { recoverTasks } from './recover.ts';

/** A task as its process sees it now. */
export interface Sample {
  readonly task: number;
  /** Absolute; what the file holds only grows. */
  readonly progress: number;
  /** What it is doing, in words; undefined: as before. */
  readonly message?: string | null | undefined;
}

export interface FlushRequest {
  readonly ownerId: number;
  readonly samples: readonly Sample[];
  /** Renews the lease until then, epoch ms; undefined: it is not due. */
  readonly leaseUntil?: number | undefined;
  /** Epoch ms. */
  readonly at: number;
}

export interface Flushed {
  /** Those of the samples whose tasks run no more, or are not there. */
  readonly gone: readonly number[];
  /** Every active job of the owner that somebody asked to cancel. */
  readonly cancelRequested: readonly number[];
}

/**
 * Writes what has moved, in one transaction: the rows, one `progress` event for each of their jobs,
 * and the lease when it is due. Values are absolute, so the next flush makes up for one that fails.
 * With the lease an owner gets back the tasks that others took for lost because it had run out.
 */
export function* flushBody(request: FlushRequest): Steps<Flushed> {
  const { ownerId, samples, leaseUntil, at } = request;
  if (leaseUntil !== undefined) yield* renewLease(ownerId, leaseUntil, at);
  const moved = [...(yield* move(samples)), ...(yield* moveAndSay(samples))];
  if (moved.length > 0) yield* recordProgress(moved, at);
  const gone = moved.length < samples.length ? yield* goneOf(samples, moved) : [];
  return { gone, cancelRequested: yield* cancelRequestedBody(ownerId) };
}

/** The active jobs of an owner that somebody asked to cancel. */
export function* cancelRequestedBody(ownerId: number): Steps<readonly number[]> {
  const rows: { readonly id: number }[] = yield* all(
    'SELECT id FROM jobs WHERE owner = ? AND is_active = 1 AND cancel_requested_at IS NOT NULL',
    ownerId,
  );
  return rows.map(({ id }) => id);
}

/** All active jobs of an owner. */
export function* activeJobsBody(ownerId: number): Steps<ReadonlySet<number>> {
  const rows: { readonly id: number }[] = yield* all(
    'SELECT id FROM jobs WHERE owner = ? AND is_active = 1',
    ownerId,
  );
  return new Set(rows.map(({ id }) => id));
}

/** Whether a third of a lease of `lengthMs` is over. */
export function isLeaseDue(leaseUntil: number, at: number, lengthMs: number): boolean {
  const leftMs = leaseUntil - at;
  // More than all of it is left when the clock was set back.
  return leftMs < (lengthMs * 2) / 3 || leftMs > lengthMs;
}

function* renewLease(ownerId: number, leaseUntil: number, at: number): Steps<void> {
  const isLost = yield* one('SELECT 1 FROM owners WHERE id = ? AND lost_by_lease = 1', ownerId);
  if (isLost) yield* recoverTasks(ownerId, at);
  yield* run(
    'UPDATE owners SET lease_until = ?, lost_by_lease = 0 WHERE id = ?',
    ...[leaseUntil, ownerId],
  );
}

/**
 * Answers which ones have moved. One statement for all tasks that say nothing: 2.5 µs each, and 6
 * one by one.
 */
function* move(samples: readonly Sample[]): Steps<readonly number[]> {
  const silent = samples.filter(({ message }) => message === undefined);
  if (silent.length === 0) return [];
  // An object has plain values; each of an array of pairs would be parsed once more.
  const progress = silent.map(({ task, progress }) => `"${task}":${JSON.stringify(progress)}`);
  const rows: { readonly id: number }[] = yield* all(
    `UPDATE tasks SET progress = s.value, task_seq = task_seq + 1
    FROM json_each(?) s
    WHERE tasks.id = CAST(s.key AS INTEGER) AND status = 'running' AND s.value > progress
    RETURNING tasks.id`,
    `{${progress.join()}}`,
  );
  return rows.map(({ id }) => id);
}

function* moveAndSay(samples: readonly Sample[]): Steps<readonly number[]> {
  const saying = samples.filter(({ message }) => message !== undefined);
  if (saying.length === 0) return [];
  const rows: { readonly id: number }[] = yield* all(
    `UPDATE tasks SET progress = MAX(progress, s.value ->> 'progress'),
      message = s.value ->> 'message', task_seq = task_seq + 1
    FROM json_each(?) s
    WHERE tasks.id = s.value ->> 'task' AND status = 'running'
      AND (s.value ->> 'progress' > progress OR s.value ->> 'message' IS NOT message)
    RETURNING tasks.id`,
    JSON.stringify(saying),
  );
  return rows.map(({ id }) => id);
}

/** One event for each job, of what the rows hold now; `read/events.ts` reads it. */
function* recordProgress(moved: readonly number[], at: number): Steps<void> {
  yield* run(
    `INSERT INTO events (database, user, job, job_id, kind, at, body)
    SELECT j.database, j.user, j.job, j.id, 'progress', ?, m.movements
    FROM (
      SELECT t.job AS job, json_group_array(
        CASE WHEN t.message IS NULL THEN json_array(t.id, t.task_seq, t.progress)
        ELSE json_array(t.id, t.task_seq, t.progress, t.message) END
      ) AS movements
      FROM json_each(?) s CROSS JOIN tasks t ON t.id = s.value GROUP BY t.job
    ) m CROSS JOIN jobs j ON j.id = m.job`,
    ...[at, JSON.stringify(moved)],
  );
}

/** Those that have not moved are behind what the file holds, or gone. */
function* goneOf(samples: readonly Sample[], moved: readonly number[]): Steps<readonly number[]> {
  const known = new Set(moved);
  const asked = samples.filter(({ task }) => !known.has(task)).map(({ task }) => task);
  const rows: { readonly value: number }[] = yield* all(
    `SELECT value FROM json_each(?) a
    WHERE NOT EXISTS (
      SELECT 1 FROM tasks WHERE id = a.value AND status IN ('pending', 'running')
    )`,
    JSON.stringify(asked),
  );
  return rows.map(({ value }) => value);
}
