import { monotonicMs } from '../../engine/clock.ts';
import { one, run, type Steps } from '../../engine/steps.ts';
import type { Update } from '../calls.ts';
import type { Session } from '../session.ts';

/** A reader whose place in the log is kept in the file. */
interface Reader {
  /** Id of the database's row. */
  readonly database: number;
  readonly name: string;
}

/** A place that is not kept yet may be given again after a crash; it is kept this often. */
const KEEP_MS = 100;

/**
 * Updates from where the reader of this name stopped. An update counts as handled when the next one
 * is asked for, so each is given at least once.
 */
export async function* named(
  session: Session,
  { database, name }: Reader,
  updatesFrom: (seq: number | undefined) => AsyncIterable<Update>,
): AsyncGenerator<Update> {
  const keep = (seq: number) => session.write((at) => keepCursorBody(database, name, seq, at));
  let handled = await session.read(() => cursorBody(database, name));
  let kept = handled;
  let keptAt = Number.NEGATIVE_INFINITY;
  try {
    for await (const update of updatesFrom(handled)) {
      yield update;
      handled = update.seq;
      if (monotonicMs() - keptAt < KEEP_MS) continue;
      await keep(handled);
      kept = handled;
      keptAt = monotonicMs();
    }
  } finally {
    if (handled !== undefined && handled !== kept) await keep(handled);
  }
}

/** How far the reader of this name has come; undefined for a new one. */
function* cursorBody(database: number, name: string): Steps<number | undefined> {
  const row = yield* one<{ seq: number }>(
    'SELECT seq FROM subscriptions WHERE database = ? AND name = ?',
    ...[database, name],
  );
  return row?.seq;
}

/** Remembers how far the reader of this name has come. */
function* keepCursorBody(database: number, name: string, seq: number, at: number): Steps<void> {
  yield* run(
    `INSERT INTO subscriptions (database, name, seq, at) VALUES (?, ?, ?, ?)
    ON CONFLICT (database, name) DO UPDATE SET seq = excluded.seq, at = excluded.at`,
    ...[database, name, seq, at],
  );
}
