import { all, one, run, type Steps } from '../../engine/steps.ts';
import { assertWhole } from '../model/plan.ts';
import type { JobRow } from '../rows.ts';
import { removeJob } from './remove.ts';

/** What is kept of what is over. */
export interface Retention {
  /** Jobs that ended longer ago are removed. */
  readonly endedMs: number;
  /** Of each database, so many ended jobs are kept, the newest. */
  readonly endedJobs: number;
  /** So many events are kept whole; of older ones all but progress, ten times as many. */
  readonly events: number;
}

export type RetentionOptions = { readonly [what in keyof Retention]?: number | undefined };

const defaultRetention: Retention = {
  endedMs: 7 * 24 * 3600 * 1000,
  endedJobs: 1000,
  events: 50_000,
};

/**
 * What is kept where something else is said than usually. Infinity: all.
 * @throws RangeError for what is no whole number from 0
 */
export function retentionOf(options: RetentionOptions = {}): Retention {
  return {
    endedMs: kept('endedMs', options),
    endedJobs: kept('endedJobs', options),
    events: kept('events', options),
  };
}

function kept(what: keyof Retention, options: RetentionOptions): number {
  const count = options[what] ?? defaultRetention[what];
  if (count === Number.POSITIVE_INFINITY) return Number.MAX_SAFE_INTEGER;
  assertWhole(`retention.${what}`, count);
  return count;
}

/** What one transaction removes at most, so that nobody waits for it. */
const JOBS_AT_ONCE = 100;
const EVENTS_AT_ONCE = 10_000;

/** Old events are let pile up by this part, so that not each flush takes some out. */
const SLACK = 0.25;

/** How many times more events are kept that are not progress. */
const OTHERS_KEPT = 10;

/** An owner without jobs is forgotten this long after its last lease. */
const OWNER_MS = 24 * 3600 * 1000;

/**
 * Removes ended jobs that are too old or too many, by the number of their registration: a job that
 * uses the id of one anew is another. Answers how many; 100 at most, so that it may be called again.
 */
export function* pruneBody(keep: Retention, at: number): Steps<number> {
  const databases: { id: number }[] = yield* all('SELECT id FROM databases');
  let count = 0;
  for (const { id } of databases) {
    const endedBefore = Math.max(at - keep.endedMs, yield* endOfKept(id, keep.endedJobs));
    const jobs: JobRow[] = yield* all(
      `SELECT j.*, d.name AS database_name FROM jobs j JOIN databases d ON d.id = j.database
      WHERE j.database = ? AND j.is_active = 0 AND j.ended_at < ? ORDER BY j.ended_at LIMIT ?`,
      ...[id, endedBefore, JOBS_AT_ONCE - count],
    );
    for (const job of jobs) yield* removeJob(job, at);
    count += jobs.length;
  }
  yield* run(
    'DELETE FROM owners WHERE lease_until < ? AND id NOT IN (SELECT owner FROM jobs)',
    at - OWNER_MS,
  );
  return count;
}

/** When the oldest ended job ended that is kept; of those that ended in that very ms all are. */
function* endOfKept(database: number, count: number): Steps<number> {
  const row = yield* one<{ ended_at: number }>(
    `SELECT ended_at FROM jobs WHERE database = ? AND is_active = 0
    ORDER BY ended_at DESC LIMIT 1 OFFSET ?`,
    ...[database, Math.max(0, count - 1)],
  );
  if (row === undefined) return 0;
  return count === 0 ? row.ended_at + 1 : row.ended_at;
}

/**
 * Takes old events out of the log: first progress, and says up to where (`compacted_through`), so
 * that no reader takes a log with gaps for a whole one; later the others. Answers whether there is more
 * to take out: 10,000 events at most go at once.
 */
export function* compactBody(keep: Retention): Steps<boolean> {
  const through = yield* compactedThrough();
  const last = yield* lastSeq();
  if (last - through <= keep.events * (1 + SLACK)) return false;
  const next = yield* one<{ seq: number | null }>(
    'SELECT MIN(seq) AS seq FROM events WHERE seq > ?',
    through,
  );
  // Where nothing is there is nothing to take out, however far it goes.
  const upTo = Math.min(last - keep.events, (next?.seq ?? last) + EVENTS_AT_ONCE);
  yield* run(
    "DELETE FROM events WHERE seq > ? AND seq <= ? AND kind = 'progress'",
    ...[through, upTo],
  );
  yield* run("UPDATE metadata SET value = ? WHERE key = 'compacted_through'", upTo);
  yield* run(
    'DELETE FROM events WHERE seq <= (SELECT MIN(seq) FROM events) + ? AND seq <= ?',
    // Not beyond what was said: readers would take it for whole.
    ...[EVENTS_AT_ONCE, Math.min(upTo, last - keep.events * (1 + OTHERS_KEPT))],
  );
  return last - upTo > keep.events;
}

/** `seq` of the newest event that there ever was; 0 before the first. */
export function* lastSeq(): Steps<number> {
  const row = yield* one<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'events'");
  return row?.seq ?? 0;
}

/** Up to this event the log has gaps. */
export function* compactedThrough(): Steps<number> {
  const row = yield* one<{ value: number }>(
    "SELECT value FROM metadata WHERE key = 'compacted_through'",
  );
  return row?.value ?? 0;
}
