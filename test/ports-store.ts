import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { defaultPolicy, type Policy, Ports, type PortsOptions } from '../src/ports.ts';

/** Looks at no socket: what happens depends on the reservations alone. */
export const unprobed: Partial<Policy> = {
  occupancy: { ...defaultPolicy.occupancy, skip: true },
};

export function freshDirectory(t: TestContext): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-ports-')));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A store of its own that looks at no socket, unless `options` say otherwise. */
export async function openPorts(
  t: TestContext,
  options: PortsOptions = {},
): Promise<{ readonly ports: Ports; readonly dir: string }> {
  const dir = options.dir ?? join(freshDirectory(t), 'data');
  const ports = await Ports.open({
    durability: 'process',
    ...options,
    dir,
    policy: { ...unprobed, ...options.policy },
  });
  t.after(() => ports.close());
  return { ports, dir };
}

export interface StoredRow {
  readonly path: string;
  readonly tag: string;
  readonly port: number;
  readonly project: string | null;
  readonly task: string | null;
  readonly created_at: number;
  readonly last_used_at: number;
}

/** The table as another program sees it. */
export function storedRows(dir: string): readonly StoredRow[] {
  const database = new DatabaseSync(join(dir, 'ports.db'), { readOnly: true });
  try {
    const rows = database.prepare('SELECT * FROM reservations ORDER BY path, tag').all();
    return rows.map((row) => ({ ...row })) as unknown as StoredRow[];
  } finally {
    database.close();
  }
}

/** Changes the database behind the store's back, as a user with `sqlite3` does. */
export function tamper(dir: string, sql: string, file = 'ports.db'): void {
  const database = new DatabaseSync(join(dir, file));
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}
