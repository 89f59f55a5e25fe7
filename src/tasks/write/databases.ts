import { one, run, type Steps } from '../../engine/steps.ts';
import type { DatabaseName } from '../names.ts';

/** The row of a database, which the first one to name it makes: there is no other registry. */
export function* databaseRow({ name, display }: DatabaseName): Steps<number> {
  const found = yield* databaseByName(name);
  if (found !== undefined) return found;
  yield* run(
    'INSERT INTO databases (name, display) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
    ...[name, display],
  );
  return (yield* databaseByName(name)) ?? 0;
}

export function* databaseByName(name: string): Steps<number | undefined> {
  const row = yield* one<{ id: number }>('SELECT id FROM databases WHERE name = ?', name);
  return row?.id;
}

/** Null: no limit. What is reserved already stays so. */
export function* setMemoryLimitBody(name: DatabaseName, bytes: number | null): Steps<void> {
  const id = yield* databaseRow(name);
  yield* run('UPDATE databases SET memory_limit_bytes = ? WHERE id = ?', bytes, id);
}
