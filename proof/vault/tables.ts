import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface KeyRow {
  readonly id: string;
  readonly base: string;
  readonly version: number;
  readonly state: string;
  readonly label: string | null;
}

export interface EventRow {
  readonly sequence: number;
  readonly event: string;
  /** JSON. */
  readonly detail: string;
}

/** What the file of a vault holds at one moment, read past the vault. */
export interface Tables {
  readonly keys: readonly KeyRow[];
  /** Newest versions, by name. */
  readonly secrets: ReadonlyMap<string, number>;
  readonly values: readonly { readonly name: string; readonly version: number }[];
  readonly slots: readonly string[];
  readonly events: readonly EventRow[];
  /** What SQLite has to say about its file; `ok` if all is well. */
  readonly soundness: string;
}

/** In one read transaction. */
export function readTables(dir: string): Tables {
  const database = new DatabaseSync(join(dir, 'vault.db'), { readOnly: true, timeout: 30_000 });
  try {
    database.exec('BEGIN');
    const all = <T>(sql: string) => database.prepare(sql).all() as unknown as readonly T[];
    const secrets = all<{ name: string; version: number }>('SELECT name, version FROM secrets');
    const soundness = all<{ integrity_check: string }>('PRAGMA integrity_check');
    return {
      keys: all<KeyRow>(
        'SELECT lower(hex(id)) AS id, lower(hex(base_id)) AS base, version, state, label FROM keys',
      ),
      secrets: new Map(secrets.map(({ name, version }) => [name, version])),
      values: all('SELECT name, version FROM secret_versions'),
      slots: all<{ id: string }>('SELECT id FROM slots').map(({ id }) => id),
      events: all<EventRow>('SELECT sequence, event, detail FROM audit ORDER BY sequence'),
      soundness: soundness.map((row) => row.integrity_check).join(),
    };
  } finally {
    database.close();
  }
}
