import { all, type Steps } from '../../engine/steps.ts';
import type { LogLine } from '../calls.ts';
import { PATH_SEPARATOR } from '../model/tree.ts';
import type { Scope } from './jobs.ts';

interface LineRow {
  readonly id: number;
  readonly at: number;
  readonly user: string;
  readonly job: string;
  readonly job_id: number;
  readonly task: number;
  readonly level: 'info' | 'warning';
  readonly message: string;
}

/** The newest lines of a user's log, in their order. */
export function* logLinesBody(scope: Scope, limit: number): Steps<readonly LogLine[]> {
  const { database, user, job } = scope;
  const rows: LineRow[] = yield* all(
    `SELECT l.id, l.at, j.user, j.job, l.job_id, l.task, l.level, l.message
    FROM log l JOIN jobs j ON j.id = l.job_id JOIN databases d ON d.id = j.database
    WHERE (? IS NULL OR d.name = ?) AND (? IS NULL OR j.user = ?) AND (? IS NULL OR j.job = ?)
    ORDER BY l.id DESC LIMIT ?`,
    ...[database, database, user, user, job, job, limit],
  );
  const paths = yield* pathsOf([...new Set(rows.map(({ task }) => task))]);
  return rows.reverse().map(({ job_id, ...line }) => ({
    ...{ ...line, jobId: job_id },
    path: paths.get(line.task) ?? '',
  }));
}

function* pathsOf(tasks: readonly number[]): Steps<ReadonlyMap<number, string>> {
  const rows: { task: number; name: string }[] = yield* all(
    `WITH RECURSIVE up (task, parent, name, depth) AS (
      SELECT id, parent, name, 0 FROM tasks WHERE id IN (SELECT value FROM json_each(?))
      UNION ALL
      SELECT up.task, t.parent, t.name, up.depth + 1 FROM tasks t JOIN up ON t.id = up.parent
    )
    SELECT task, name FROM up ORDER BY depth DESC`,
    JSON.stringify(tasks),
  );
  const names = new Map<number, string[]>();
  for (const { task, name } of rows) {
    const path = names.get(task);
    if (path) path.push(name);
    else names.set(task, [name]);
  }
  return new Map([...names].map(([task, path]) => [task, path.join(PATH_SEPARATOR)]));
}

/** How long tasks of these paths took, newest last. */
export function* durationsBody(
  database: string,
  paths: readonly string[],
): Steps<ReadonlyMap<string, readonly number[]>> {
  const rows: { path: string; durations: string }[] = yield* all(
    `SELECT path, durations FROM durations
    WHERE database = (SELECT id FROM databases WHERE name = ?)
      AND path IN (SELECT value FROM json_each(?))`,
    ...[database, JSON.stringify(paths)],
  );
  return new Map(rows.map(({ path, durations }) => [path, JSON.parse(durations)]));
}
