import { one, type Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import type { JobRow } from '../rows.ts';

export function* jobByKey(database: number, user: string, job: string): Steps<JobRow | undefined> {
  return yield* one<JobRow>(
    `SELECT j.*, d.name AS database_name FROM jobs j JOIN databases d ON d.id = j.database
    WHERE j.database = ? AND j.user = ? AND j.job = ?`,
    ...[database, user, job],
  );
}

/** @throws DETACHED when it was removed, or another one has its id now */
export function* requireJob(id: number): Steps<JobRow> {
  const row: JobRow | undefined = yield* one(
    `SELECT j.*, d.name AS database_name FROM jobs j JOIN databases d ON d.id = j.database
    WHERE j.id = ?`,
    id,
  );
  if (row === undefined) throw detached(`job ${id}`);
  return row;
}

export function detached(what: string): HoldfastError {
  return new HoldfastError(
    'DETACHED',
    `${what} was removed or replaced, and can no longer be used`,
  );
}
