import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inspectReadOnly } from '../engine/sqlite.ts';
import { all, type Steps } from '../engine/steps.ts';
import {
  corruption,
  decodeReservation,
  type RawReservation,
  RESERVATION_COLUMNS,
} from './reservation.ts';
import { foundVersion, REQUIRED_INDEXES } from './schema.ts';
import { DATABASE_FILE } from './store-file.ts';

/** One thing that is wrong with a store. */
export interface Finding {
  readonly message: string;
}

/** Findings beyond that say nothing new. */
const FINDINGS_MAX = 100;

const UNTOUCHED = 'trop did not modify or repair the stored data';

/**
 * Checks a store strictly: tables, indexes, every row, duplicates, and SQLite's own check. Reads
 * only: nothing is created, migrated or repaired. An empty answer means that all is well.
 * @throws NOT_A_STORE, SCHEMA_TOO_NEW
 */
export async function validateStore(dir: string): Promise<readonly Finding[]> {
  const file = join(dir, DATABASE_FILE);
  if (!existsSync(file)) {
    return [{ message: `data directory ${dir} does not contain ${DATABASE_FILE}` }];
  }
  return inspectReadOnly(file, validateBody).map((message) => ({ message }));
}

function* validateBody(): Steps<readonly string[]> {
  if ((yield* foundVersion()) < 2) {
    return [broken('schema', 'the tables of version 2 are missing')];
  }
  // SQLite's own check knows less about what a row means, so it comes last.
  const found = [...(yield* rowFindings()), ...(yield* objectFindings())];
  const integrity = found.length > 0 ? [] : yield* integrityFindings();
  return [...found, ...integrity].slice(0, FINDINGS_MAX);
}

function broken(where: string, reason: string): string {
  return `database corruption detected: ${where}: ${reason}; ${UNTOUCHED}`;
}

function* rowFindings(): Steps<readonly string[]> {
  const found: string[] = [];
  const keys = new Set<string>();
  const ports = new Set<number>();
  // No paging by key: the very keys are in doubt.
  for (const row of yield* all<RawReservation>(`SELECT ${RESERVATION_COLUMNS} FROM reservations`)) {
    try {
      const { path, tag, port } = decodeReservation(row);
      const key = `${path}\0${tag ?? ''}`;
      if (keys.has(key)) found.push(corruption(row, 'path', 'duplicate logical key').message);
      if (ports.has(port))
        found.push(corruption(row, 'port', 'two rows have the same port').message);
      keys.add(key);
      ports.add(port);
    } catch (error) {
      found.push((error as Error).message);
    }
  }
  return found;
}

function* objectFindings(): Steps<readonly string[]> {
  const rows = yield* all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'index'");
  const names = new Set(rows.map((row) => row.name));
  const missing = REQUIRED_INDEXES.filter((name) => !names.has(name));
  return missing.map((name) => broken('schema', `index ${name} is missing`));
}

function* integrityFindings(): Steps<readonly string[]> {
  const rows = yield* all<{ integrity_check: string }>('PRAGMA integrity_check');
  return rows
    .map((row) => row.integrity_check)
    .filter((text) => text !== 'ok')
    .map((text) => broken('integrity check', text));
}
