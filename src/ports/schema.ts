import type { Schema } from '../engine/engine.ts';
import { all, one, run, type Steps } from '../engine/steps.ts';
import { HoldfastError } from '../errors.ts';

// Versions of this file: 1 and 2 are trop's own (1 has a nullable tag), 3 is trop's 2 with the
// table `leases` beside it. `metadata.schema_version` stays '2', so that trop can read the file.

// The one question that every database answers in its own words.
const TABLES = `SELECT name FROM sqlite_master
  WHERE type = 'table' AND name IN ('metadata', 'reservations', 'leases')`;

const CREATE_METADATA = `CREATE TABLE metadata (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT`;

const RESERVATIONS = `(
  path TEXT NOT NULL,
  tag TEXT NOT NULL,
  port INTEGER NOT NULL UNIQUE CONSTRAINT valid_port CHECK (port BETWEEN 1 AND 65535),
  project TEXT,
  task TEXT,
  created_at INTEGER NOT NULL CONSTRAINT valid_created_at CHECK (created_at >= 0),
  last_used_at INTEGER NOT NULL CONSTRAINT valid_last_used_at CHECK (last_used_at >= 0),
  PRIMARY KEY (path, tag)
) STRICT`;

/** Without them the store still answers, only slowly: trop calls that corruption. */
export const REQUIRED_INDEXES = [
  'idx_reservations_port',
  'idx_reservations_project',
  'idx_reservations_last_used',
];

const INDEXES = [
  'CREATE INDEX idx_reservations_port ON reservations (port)',
  'CREATE INDEX idx_reservations_project ON reservations (project)',
  'CREATE INDEX idx_reservations_last_used ON reservations (last_used_at)',
];

// `port` is that of the reservation: a lease whose reservation trop has removed or moved is void.
const CREATE_LEASES = `CREATE TABLE leases (
  path TEXT NOT NULL,
  tag TEXT NOT NULL,
  port INTEGER NOT NULL,
  pid INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  pid_namespace TEXT NOT NULL,
  expires_at_ms INTEGER,
  PRIMARY KEY (path, tag)
) STRICT`;

export const portsSchema: Schema = {
  version: 3,
  // Rows of some 100 bytes, one to a commit: a fifth less time for each than with 4,096.
  pageBytes: 1024,
  found: foundVersion,
  migrate: migrateFrom,
};

/** 0 for no store, 1 or 2 for trop's, 3 for ours. @throws SCHEMA_TOO_NEW */
export function* foundVersion(): Steps<number> {
  const tables = (yield* all<{ name: string }>(TABLES)).map((row) => row.name);
  if (!tables.includes('metadata')) return 0;
  const row = yield* one<{ value: unknown }>(
    "SELECT value FROM metadata WHERE key = 'schema_version'",
  );
  if (row === undefined) return 0;
  if (row.value === '1') return 1;
  if (row.value === '2') return tables.includes('leases') ? 3 : 2;
  throw new HoldfastError(
    'SCHEMA_TOO_NEW',
    `unsupported schema version: expected 2, found ${row.value}`,
  );
}

function* migrateFrom(from: number): Steps<void> {
  if (from === 0) yield* createTables();
  if (from === 1) yield* renewTropOne();
  yield* run(CREATE_LEASES);
}

function* createTables(): Steps<void> {
  yield* run(CREATE_METADATA);
  yield* run(`CREATE TABLE reservations ${RESERVATIONS}`);
  for (const index of INDEXES) yield* run(index);
  yield* run("INSERT INTO metadata (key, value) VALUES ('schema_version', '2')");
}

function* renewTropOne(): Steps<void> {
  const twice = yield* one(
    `SELECT path FROM reservations GROUP BY path, COALESCE(tag, '') HAVING COUNT(*) > 1 LIMIT 1`,
  );
  if (twice !== undefined) {
    throw new HoldfastError(
      'CORRUPT',
      'database corruption detected: table=reservations: duplicate logical keys; trop did not modify or repair the stored data',
    );
  }
  yield* run(`CREATE TABLE reservations_2 ${RESERVATIONS}`);
  yield* run(`INSERT INTO reservations_2
    (path, tag, port, project, task, created_at, last_used_at)
    SELECT path, COALESCE(tag, ''), port, project, task, created_at, last_used_at
    FROM reservations`);
  yield* run('DROP TABLE reservations');
  yield* run('ALTER TABLE reservations_2 RENAME TO reservations');
  for (const index of INDEXES) yield* run(index);
  yield* run("UPDATE metadata SET value = '2' WHERE key = 'schema_version'");
}
