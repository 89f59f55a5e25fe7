import { all, one, run, type Steps } from '../../engine/steps.ts';
import type { TaskStatus } from '../model/record.ts';
import { statusWithin } from '../model/status.ts';
import type { JobRow, TaskRow } from '../rows.ts';
import { recordDuration } from './durations.ts';
import { recordEvent } from './journal.ts';
import type { Change, Sightings } from './outcome.ts';

/** How a task comes to its end. */
interface End {
  readonly status: TaskStatus;
  readonly error?: string | null | undefined;
  readonly sightings: Sightings;
  readonly at: number;
}

/**
 * Ends a task: its row, its event, what it took for the next one who asks how long it takes, and the
 * job with its root. The one place that writes a final status.
 */
export function* endTask(
  row: TaskRow,
  job: JobRow,
  { status, error = null, sightings, at }: End,
  isExcluded = false,
): Steps<Change> {
  const seen = sightings.get(row.id);
  const moved = Math.max(row.progress, seen?.progress ?? 0);
  const isFull = row.kind === 'leaf' && status === 'finished';
  const volume = isFull ? (row.volume ?? moved) : row.volume;
  const progress = isFull ? Math.max(moved, volume ?? 0) : moved;
  const message = seen?.message === undefined ? row.message : seen.message;
  const ended = yield* one<{ task_seq: number }>(
    `UPDATE tasks SET status = ?, finished_at = ?, progress = ?, volume = ?, message = ?, error = ?,
      is_excluded = ?, task_seq = task_seq + 1
    WHERE id = ? RETURNING task_seq`,
    ...[status, at, progress, volume, message, error, isExcluded ? 1 : 0, row.id],
  );
  const body = { progress, volume, message, error, isExcluded };
  const which = { task: row.id, taskSeq: ended?.task_seq ?? 0 };
  yield* recordEvent(job, which, eventOf(status), at, body);
  if (status === 'finished') yield* recordDuration(row, job.database, at);
  if (row.parent === null) {
    // What it reserves stays in the row, for an owner that was taken for dead and comes back.
    yield* run('UPDATE jobs SET is_active = 0, ended_at = ? WHERE id = ?', at, row.job);
  }
  return { task: row.id, status, progress, volume };
}

/** Ends every active task below `row`, the deepest first. `isExcluded`: they count for nothing then. */
export function* endWithin(
  row: TaskRow,
  job: JobRow,
  end: End,
  isExcluded = false,
): Steps<Change[]> {
  if (row.kind === 'leaf') return [];
  const parts: TaskRow[] = yield* all(
    `WITH RECURSIVE part (id) AS (
      SELECT id FROM tasks WHERE parent = ? AND status IN ('pending', 'running')
      UNION ALL
      SELECT t.id FROM tasks t JOIN part p ON t.parent = p.id
        WHERE t.status IN ('pending', 'running')
    )
    SELECT t.* FROM tasks t JOIN part p ON p.id = t.id ORDER BY t.id DESC`,
    row.id,
  );
  const changes: Change[] = [];
  for (const part of parts) {
    const status = statusWithin(part.status, end.status);
    changes.push(yield* endTask(part, job, { ...end, status, error: null }, isExcluded));
  }
  return changes;
}

function eventOf(status: TaskStatus): 'finished' | 'failed' | 'canceled' | 'lost' {
  if (status === 'pending' || status === 'running') throw new TypeError(`${status} is no end`);
  return status;
}
