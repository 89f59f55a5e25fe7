import { all, type Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import type { EventKind, Movement, TaskEvent } from '../model/event.ts';
import { compactedThrough, lastSeq } from '../write/retain.ts';
import { databaseNames, type Scope } from './jobs.ts';

/** A row of `events`. */
interface EventRow {
  readonly seq: number;
  readonly database: number;
  readonly user: string | null;
  readonly job: string | null;
  readonly job_id: number | null;
  readonly task: number | null;
  readonly task_seq: number | null;
  readonly kind: EventKind;
  readonly at: number;
  readonly body: string | null;
}

/** A part of the log. */
export interface EventsPage {
  readonly events: readonly TaskEvent[];
  /** The last one that was looked at, whether it is in the scope or not. */
  readonly seq: number;
  readonly hasMore: boolean;
  /** Set when events behind the cursor are no longer all there. */
  readonly isCompacted: boolean;
}

/** What one read takes of the log: a slow reader never holds a snapshot for long. */
export const PAGE_EVENTS = 1000;

/** And so much text, and what crosses it: a registration may be of megabytes. */
const PAGE_CHARACTERS = 4_000_000;

/** What comes behind `after` in the log and is in the scope. */
export function* eventsBody(after: number, scope: Scope): Steps<EventsPage> {
  const last = yield* lastSeq();
  // A cursor of another file, or of this one before it was put back from a copy, is one too.
  const isCompacted = after < (yield* compactedThrough()) || after > last;
  if (isCompacted || after === last) {
    return { events: [], seq: after, hasMore: false, isCompacted };
  }
  const rows: EventRow[] = yield* all(
    `SELECT * FROM (
      SELECT *, SUM(LENGTH(body)) OVER (ORDER BY seq) - LENGTH(body) AS before FROM events
      WHERE seq > ? ORDER BY seq LIMIT ?
    ) WHERE COALESCE(before, 0) < ? ORDER BY seq`,
    ...[after, PAGE_EVENTS, PAGE_CHARACTERS],
  );
  const names = yield* databaseNames();
  const seq = rows.at(-1)?.seq ?? after;
  return { events: decoded(rows, names, scope), seq, hasMore: seq < last, isCompacted };
}

/** The newest events that are still kept, in their order, before `before`. */
export function* historyBody(
  before: number,
  limit: number,
  scope: Scope,
): Steps<readonly TaskEvent[]> {
  const { database, user, job } = scope;
  const rows: EventRow[] = yield* all(
    `SELECT * FROM events WHERE seq < ? AND (? IS NULL OR user = ?) AND (? IS NULL OR job = ?)
      AND (? IS NULL OR database = (SELECT id FROM databases WHERE name = ?))
    ORDER BY seq DESC LIMIT ?`,
    ...[before, user, user, job, job, database, database, limit],
  );
  return decoded(rows.reverse(), yield* databaseNames(), scope);
}

function decoded(
  rows: readonly EventRow[],
  names: ReadonlyMap<number, string>,
  scope: Scope,
): readonly TaskEvent[] {
  const events: TaskEvent[] = [];
  for (const row of rows) {
    const database = names.get(row.database) ?? '';
    if (isWithin(row, database, scope)) events.push(eventOf(row, database));
  }
  return events;
}

/** What concerns a whole database concerns each user and job of it. */
function isWithin(row: EventRow, database: string, scope: Scope): boolean {
  return (
    (scope.database === null || scope.database === database) &&
    (scope.user === null || row.user === null || scope.user === row.user) &&
    (scope.job === null || row.job === null || scope.job === row.job)
  );
}

function eventOf(row: EventRow, database: string): TaskEvent {
  const base = { seq: row.seq, at: row.at, database };
  const body = bodyOf(row);
  if (row.kind === 'cleared') return { ...base, kind: 'cleared', user: row.user, ...body };
  const job = { ...base, user: row.user ?? '', job: row.job ?? '', jobId: row.job_id ?? 0 };
  if (row.kind === 'progress') {
    return { ...job, kind: 'progress', movements: body.map(movementOf) };
  }
  return { ...job, task: row.task ?? 0, taskSeq: row.task_seq ?? 0, kind: row.kind, ...body };
}

/** What we wrote ourselves, in the file that only we write. */
// biome-ignore lint/suspicious/noExplicitAny: its shape depends on the kind; only JSON is checked.
function bodyOf({ body, seq }: EventRow): any {
  if (body === null) return {};
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new HoldfastError('CORRUPT', `event ${seq} cannot be read`, { cause });
  }
}

type PackedMovement = readonly [number, number, number, (string | null)?];

function movementOf([task, taskSeq, progress, message = null]: PackedMovement): Movement {
  return { task, taskSeq, progress, message };
}
