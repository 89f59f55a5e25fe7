import type { Schema } from '../engine/engine.ts';
import { one, run, type Steps } from '../engine/steps.ts';

const VERSION = 1;

// The one question that every database answers in its own words.
const HAS_METADATA =
  "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'metadata'";

// `schema_version`; `compacted_through`: up to this event progress has been taken out of the log.
const METADATA = `CREATE TABLE metadata (
  key TEXT PRIMARY KEY NOT NULL,
  value INTEGER NOT NULL
) STRICT`;

// `name` is normalised (see names.ts) and `display` is how it was first written.
const DATABASES = `CREATE TABLE databases (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  display TEXT NOT NULL,
  memory_limit_bytes INTEGER
) STRICT`;

// One row for each life of a process. `lost_by_lease`: it could not be looked at, and its lease was
// over; what it lost then it gets back if it lives after all.
const OWNERS = `CREATE TABLE owners (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pid INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  pid_namespace TEXT NOT NULL,
  host TEXT NOT NULL,
  command TEXT NOT NULL,
  cwd TEXT NOT NULL,
  lease_until INTEGER NOT NULL,
  lost_by_lease INTEGER NOT NULL DEFAULT 0,
  UNIQUE (pid, started_at, boot_id, pid_namespace, host)
) STRICT`;

// AUTOINCREMENT: an id is never given twice, so a handle that was left behind hits nothing.
const JOBS = `CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  database INTEGER NOT NULL,
  user TEXT NOT NULL,
  job TEXT NOT NULL,
  generation INTEGER NOT NULL,
  root INTEGER NOT NULL,
  owner INTEGER NOT NULL,
  is_active INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  cancel_requested_at INTEGER,
  memory_min_bytes INTEGER,
  memory_max_bytes INTEGER,
  reserved_bytes INTEGER NOT NULL,
  UNIQUE (database, user, job)
) STRICT`;

const TASKS = `CREATE TABLE tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job INTEGER NOT NULL,
  parent INTEGER,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  mode TEXT,
  round_size INTEGER,
  rounds INTEGER,
  unit TEXT,
  weight REAL,
  volume REAL,
  progress REAL NOT NULL,
  message TEXT,
  error TEXT,
  is_excluded INTEGER NOT NULL,
  concurrency INTEGER,
  started_at INTEGER,
  finished_at INTEGER,
  task_seq INTEGER NOT NULL
) STRICT`;

// `body` is JSON, by `kind`. Names stand here too: the log outlives the jobs that it tells of.
const EVENTS = `CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  database INTEGER NOT NULL,
  user TEXT,
  job TEXT,
  job_id INTEGER,
  task INTEGER,
  task_seq INTEGER,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  body TEXT
) STRICT`;

const LOG = `CREATE TABLE log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL,
  task INTEGER NOT NULL,
  at INTEGER NOT NULL,
  level TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT`;

// How long tasks took, by their names from the root on; a JSON array of ms, newest last.
const DURATIONS = `CREATE TABLE durations (
  database INTEGER NOT NULL,
  path TEXT NOT NULL,
  durations TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (database, path)
) STRICT, WITHOUT ROWID`;

// How far named subscriptions have come.
const SUBSCRIPTIONS = `CREATE TABLE subscriptions (
  database INTEGER NOT NULL,
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (database, name)
) STRICT, WITHOUT ROWID`;

const INDEXES = [
  'CREATE INDEX jobs_active ON jobs (owner, cancel_requested_at) WHERE is_active = 1',
  'CREATE INDEX jobs_ended ON jobs (database, ended_at) WHERE is_active = 0',
  'CREATE INDEX tasks_by_job ON tasks (job)',
  'CREATE INDEX tasks_by_parent ON tasks (parent, status)',
  'CREATE INDEX log_by_task ON log (task)',
  'CREATE INDEX log_by_job ON log (job_id)',
  'CREATE INDEX durations_by_time ON durations (database, at)',
];

export const tasksSchema: Schema = {
  version: VERSION,
  found: foundVersion,
  migrate: createTables,
};

/** 0 for no store. */
function* foundVersion(): Steps<number> {
  if ((yield* one(HAS_METADATA)) === undefined) return 0;
  const row = yield* one<{ value: number }>(
    "SELECT value FROM metadata WHERE key = 'schema_version'",
  );
  return row?.value ?? 0;
}

function* createTables(): Steps<void> {
  for (const table of [
    ...[METADATA, DATABASES, OWNERS, JOBS, TASKS, EVENTS, LOG, DURATIONS, SUBSCRIPTIONS],
    ...INDEXES,
  ]) {
    yield* run(table);
  }
  yield* run("INSERT INTO metadata (key, value) VALUES ('schema_version', ?)", VERSION);
  yield* run("INSERT INTO metadata (key, value) VALUES ('compacted_through', 0)");
}
