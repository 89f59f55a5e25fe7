import { all, one, run, type Steps } from '../../engine/steps.ts';
import { RUNS_MAX } from '../eta/prior.ts';
import { PATH_SEPARATOR, REMEMBERED_DEPTH_MAX } from '../model/tree.ts';
import type { TaskRow } from '../rows.ts';

/** Paths of one database that are remembered. Beyond them, the ones that were not run for longest go. */
const PATHS_MAX = 10_000;

/** How many of them go at once, so that not each new one costs a count. */
const PATHS_ROOM = 100;

/** Remembers how long a task took that has just finished, for those who run the same path next. */
export function* recordDuration(row: TaskRow, database: number, at: number): Steps<void> {
  if (row.started_at === null) return;
  const path = yield* pathOf(row);
  if (path === undefined) return;
  const found = yield* one<{ durations: string }>(
    'SELECT durations FROM durations WHERE database = ? AND path = ?',
    ...[database, path],
  );
  const former: number[] = found ? JSON.parse(found.durations) : [];
  const durations = [...former, Math.max(0, at - row.started_at)].slice(-RUNS_MAX);
  if (found === undefined) yield* makeRoom(database);
  yield* run(
    `INSERT INTO durations (database, path, durations, at) VALUES (?, ?, ?, ?)
    ON CONFLICT (database, path) DO UPDATE SET durations = excluded.durations, at = excluded.at`,
    ...[database, path, JSON.stringify(durations), at],
  );
}

/** Names of a task and of those that it is a part of, from the root on. */
function* pathOf(row: TaskRow): Steps<string | undefined> {
  if (row.parent === null) return row.name;
  const above: { name: string; parent: number | null }[] = yield* all(
    `WITH RECURSIVE up (id, parent, name, depth) AS (
      SELECT id, parent, name, 0 FROM tasks WHERE id = ?
      UNION ALL
      SELECT t.id, t.parent, t.name, up.depth + 1 FROM tasks t JOIN up ON t.id = up.parent
        WHERE up.depth < ?
    )
    SELECT name, parent FROM up ORDER BY depth DESC`,
    ...[row.parent, REMEMBERED_DEPTH_MAX],
  );
  if (above[0]?.parent !== null) return undefined;
  return [...above.map(({ name }) => name), row.name].join(PATH_SEPARATOR);
}

function* makeRoom(database: number): Steps<void> {
  const row = yield* one<{ count: number }>(
    'SELECT COUNT(*) AS count FROM durations WHERE database = ?',
    database,
  );
  if ((row?.count ?? 0) < PATHS_MAX) return;
  yield* run(
    `DELETE FROM durations WHERE database = ? AND path IN (
      SELECT path FROM durations WHERE database = ? ORDER BY at LIMIT ?)`,
    ...[database, database, PATHS_ROOM],
  );
}
