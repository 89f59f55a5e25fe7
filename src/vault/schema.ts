import type { Schema } from '../engine/engine.ts';
import { one, run, type Steps } from '../engine/steps.ts';

export const vaultSchema: Schema = {
  version: 1,
  // Rows of some 200 bytes, a handful to a commit.
  pageBytes: 1024,
  found: foundVersion,
  migrate: createTables,
};

function* foundVersion(): Steps<number> {
  const table = yield* one("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'vault'");
  if (table === undefined) return 0;
  const row = yield* one<{ user_version: number }>('PRAGMA user_version');
  return row?.user_version ?? 0;
}

function* createTables(): Steps<void> {
  yield* run(`CREATE TABLE vault (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    vault_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    commitment BLOB NOT NULL,
    state BLOB NOT NULL
  ) STRICT`);
  // A slot is one way to the root key.
  yield* run('CREATE TABLE slots (id TEXT PRIMARY KEY NOT NULL, slot BLOB NOT NULL) STRICT');
  // In the order in which they were last changed: a change is written where the last one was, with no
  // index beside it, and a process that has fallen behind reads the end. The state of the vault says
  // which rows there are, so no index has to say that there is one of each.
  yield* run(`CREATE TABLE keys (
    sequence INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    base_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    label TEXT,
    created_at INTEGER NOT NULL,
    created_ns INTEGER NOT NULL,
    encrypt_until INTEGER,
    decrypt_until INTEGER,
    until_ns INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    sealed BLOB NOT NULL
  ) STRICT`);
  // Which rows of `keys` are gone: the last ones, for processes that have fallen behind a little. Who
  // has fallen behind further reads all that is there.
  yield* run(`CREATE TABLE removed_keys (
    sequence INTEGER PRIMARY KEY,
    id BLOB NOT NULL
  ) STRICT`);
  // `sealed_key` seals the versions: without it nobody reads them, wherever there is a copy.
  yield* run(`CREATE TABLE secrets (
    name TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    tags TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    purge_at INTEGER,
    revision INTEGER NOT NULL,
    sealed_key BLOB NOT NULL
  ) STRICT`);
  yield* run(`CREATE TABLE secret_versions (
    name TEXT NOT NULL REFERENCES secrets (name) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (name, version)
  ) STRICT`);
  yield* run(`CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL,
    mac BLOB NOT NULL
  ) STRICT`);
  // Failed attempts to unlock, told by who has no key to chain them: the next unlock does.
  yield* run('CREATE TABLE attempts (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT');
  yield* run(
    'CREATE TABLE followers (name TEXT PRIMARY KEY NOT NULL, position BLOB NOT NULL) STRICT',
  );
  yield* run('PRAGMA user_version = 1');
}
