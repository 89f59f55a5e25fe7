import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { PortsSetup, PortsSubject, SubjectRow } from '../../src/torture.ts';

/** A small store of port reservations that keeps its word: what the twins are broken copies of. */
export class HonestPorts implements PortsSubject {
  protected readonly range: { readonly min: number; readonly max: number };
  readonly #database: DatabaseSync;

  constructor({ dataDir, range }: PortsSetup) {
    this.range = range ?? { min: 5000, max: 7000 };
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    this.#database = new DatabaseSync(join(dataDir, 'ports.db'), { timeout: 60_000 });
    // Nothing here is about durability.
    this.#database.exec('PRAGMA synchronous = OFF');
    // SQLite refuses at once, and does not wait, when two upgrade a read lock.
    this.transaction(() =>
      this.#database.exec(
        'CREATE TABLE IF NOT EXISTS reservations (path TEXT, tag TEXT, port INTEGER UNIQUE, PRIMARY KEY (path, tag))',
      ),
    );
  }

  async reserve(path: string): Promise<number> {
    return this.transaction(() => {
      const port = this.portOf(path) ?? this.lowest();
      this.insert(path, '', port);
      return port;
    });
  }

  async reserveGroup(path: string, count: number): Promise<readonly number[]> {
    return this.transaction(() =>
      Array.from({ length: count }, (_, index) => {
        const port = this.portOf(path, `port-${index}`) ?? this.lowest();
        this.insert(path, `port-${index}`, port);
        return port;
      }),
    );
  }

  async release(path: string): Promise<number> {
    const { changes } = this.#database.prepare('DELETE FROM reservations WHERE path = ?').run(path);
    return Number(changes);
  }

  async list(): Promise<readonly SubjectRow[]> {
    const rows = this.#database.prepare('SELECT path, tag, port FROM reservations').all();
    return rows.map(({ path, tag, port }) => ({
      path: String(path),
      tag: tag === '' ? undefined : String(tag),
      port: Number(port),
    }));
  }

  async cleanup(): Promise<number> {
    return 0;
  }

  async migrate(from: string, to: string): Promise<number> {
    const move = this.#database.prepare('UPDATE reservations SET path = ? WHERE path = ?');
    return Number(move.run(to, from).changes);
  }

  async validate(): Promise<readonly string[]> {
    return [];
  }

  exclude(): Promise<void> {
    return Promise.reject(new TypeError('this store has no configuration'));
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  protected transaction<T>(body: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  protected portOf(path: string, tag = ''): number | undefined {
    const select = this.#database.prepare(
      'SELECT port FROM reservations WHERE path = ? AND tag = ?',
    );
    const port = select.get(path, tag)?.port;
    return port === undefined ? undefined : Number(port);
  }

  protected lowest(): number {
    const select = this.#database.prepare('SELECT port FROM reservations');
    const taken = new Set(select.all().map(({ port }) => Number(port)));
    for (let port = this.range.min; port <= this.range.max; port += 1) {
      if (!taken.has(port)) return port;
    }
    const { min, max } = this.range;
    const error = new Error(`no available ports: ${min}-${max} exhausted`);
    throw Object.assign(error, { code: 'PORTS_EXHAUSTED' });
  }

  /** Keeps a key that is there; a port that is there under another key is an error. */
  protected insert(path: string, tag: string, port: number): void {
    const sql =
      'INSERT INTO reservations VALUES (?, ?, ?) ON CONFLICT (path, tag) DO UPDATE SET port = excluded.port';
    this.#database.prepare(sql).run(path, tag, port);
  }

  /** Whoever has the port or the key loses it. */
  protected replace(path: string, tag: string, port: number): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO reservations VALUES (?, ?, ?)')
      .run(path, tag, port);
  }
}

export async function openSubject(setup: PortsSetup): Promise<PortsSubject> {
  return new HonestPorts(setup);
}
