import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** The same table as ours with nothing around it, as somebody would make it who needs no more. */
export interface BareStore {
  readonly database: DatabaseSync;
  /** Seconds, path, tag. */
  readonly update: StatementSync;
}

export function bareStore(file: string, rows: number, durability: 'power' | 'process'): BareStore {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'};
    CREATE TABLE reservations (path TEXT NOT NULL, tag TEXT NOT NULL, port INTEGER NOT NULL UNIQUE,
      project TEXT, task TEXT, created_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL,
      PRIMARY KEY (path, tag)) STRICT;
    CREATE INDEX idx_reservations_port ON reservations (port);
    CREATE INDEX idx_reservations_project ON reservations (project);
    CREATE INDEX idx_reservations_last_used ON reservations (last_used_at);
    BEGIN`);
  const insert = database.prepare('INSERT INTO reservations VALUES (?, ?, ?, NULL, NULL, 1, 1)');
  for (let row = 0; row < rows; row++) insert.run(barePath(row), 'web', 5000 + row);
  database.exec('COMMIT');
  const update = database.prepare(
    'UPDATE reservations SET last_used_at = ? WHERE path = ? AND tag = ?',
  );
  return { database, update };
}

export function barePath(row: number): string {
  return `/home/someone/projects/project-${row}`;
}
