import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Broken } from '../../declare/declaration.ts';
import type { Site } from './site.ts';

/** SQLite's own check, and that no job is listed twice or is anybody's who has died. */
export async function isSound({ tasks, shared }: Site): Promise<Broken[]> {
  const { rows } = await tasks.list();
  const twice = [...Map.groupBy(rows, ({ job }) => job)]
    .filter(([, same]) => same.length > 1)
    .map(([job, same]) => `${job} is listed ${same.length} times`);
  const orphaned = rows
    .filter(({ status, pid }) => isActive(status) && !isAlive(pid))
    .map(({ job, status, pid }) => `${job} is ${status}, and process ${pid} is dead`);
  const found = [...twice, ...orphaned, ...checkDatabase(shared.setup.dir)];
  return found.map((message) => ({ message }));
}

export function isActive(status: string): boolean {
  return status === 'pending' || status === 'running';
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function checkDatabase(dir: string): string[] {
  const file = join(dir, 'tasks.db');
  if (!existsSync(file)) return ['there is no file'];
  // Not read-only: SQLite then leaves CHECK constraints out.
  using database = new DatabaseSync(file, { timeout: 30_000 });
  const found = database.prepare('PRAGMA integrity_check').all();
  return found
    .map((row) => String(row.integrity_check))
    .filter((line) => line !== 'ok')
    .map((line) => `integrity_check: ${line}`);
}
