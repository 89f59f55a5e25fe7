import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import type {
  PortsSetup,
  PortsSubject,
  SubjectReserveOptions,
  SubjectRow,
} from '../../src/torture.ts';

export interface Range {
  readonly min: number;
  readonly max: number;
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS reservations (
  path TEXT, tag TEXT, port INTEGER UNIQUE, created_at INTEGER, last_used_at INTEGER,
  PRIMARY KEY (path, tag))`;

const IDLE_SECONDS_MAX = 30 * 86_400;

/** A small store of port reservations that keeps its word: what the twins are broken copies of. */
export class HonestPorts implements PortsSubject {
  protected readonly dataDir: string;
  protected readonly database: DatabaseSync;
  protected range: Range;

  constructor({ dataDir, range }: PortsSetup) {
    this.dataDir = dataDir;
    this.range = range ?? { min: 5000, max: 7000 };
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    this.database = new DatabaseSync(join(dataDir, 'ports.db'), { timeout: 60_000 });
    // Nothing here is about durability.
    this.database.exec('PRAGMA synchronous = OFF');
    // SQLite refuses at once, and does not wait, when two upgrade a read lock.
    this.transaction(() => this.database.exec(this.schema()));
  }

  async reserve(path: string, { configFile }: SubjectReserveOptions = {}): Promise<number> {
    if (configFile !== undefined) this.range = await this.configured(configFile);
    return this.decide(path);
  }

  async reserveGroup(path: string, count: number): Promise<readonly number[]> {
    return this.transaction(() => {
      const base = this.portOf(path, 'port-0') ?? this.lowest(count);
      const ports = Array.from({ length: count }, (_, index) => base + index);
      for (const [index, port] of ports.entries()) this.insert(path, `port-${index}`, port);
      return ports;
    });
  }

  async release(path: string): Promise<number> {
    return this.remove(path);
  }

  async list(): Promise<readonly SubjectRow[]> {
    return this.rows();
  }

  async cleanup(): Promise<number> {
    return this.transaction(() => this.clean());
  }

  async migrate(from: string, to: string): Promise<number> {
    const move = this.database.prepare('UPDATE reservations SET path = ? WHERE path = ?');
    return Number(move.run(to, from).changes);
  }

  async validate(): Promise<readonly string[]> {
    return [];
  }

  async exclude(min: number, max: number): Promise<void> {
    const file = join(this.dataDir, 'config.yaml');
    // The database is the lock.
    this.transaction(() => {
      writeFileSync(
        `${file}.new`,
        `${this.configuration(file)}  - { start: ${min}, end: ${max} }\n`,
      );
      renameSync(`${file}.new`, file);
    });
  }

  async close(): Promise<void> {
    this.database.close();
  }

  protected decide(path: string): number {
    return this.transaction(() => {
      const port = this.portOf(path) ?? this.lowest();
      this.insert(path, '', port);
      return port;
    });
  }

  protected remove(path: string): number {
    const { changes } = this.database.prepare('DELETE FROM reservations WHERE path = ?').run(path);
    return Number(changes);
  }

  protected schema(): string {
    return SCHEMA;
  }

  protected transaction<T>(body: () => T): T {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }

  protected rows(): SubjectRow[] {
    const select = 'SELECT path, tag, port FROM reservations ORDER BY path, tag';
    return this.database
      .prepare(select)
      .all()
      .map(({ path, tag, port }) => ({
        path: String(path),
        tag: tag === '' ? undefined : String(tag),
        port: Number(port),
      }));
  }

  protected portOf(path: string, tag = ''): number | undefined {
    const select = this.database.prepare(
      'SELECT port FROM reservations WHERE path = ? AND tag = ?',
    );
    const port = select.get(path, tag)?.port;
    return port === undefined ? undefined : Number(port);
  }

  /** The lowest port from which on so many are free. */
  protected lowest(count = 1): number {
    const taken = new Set(this.rows().map(({ port }) => port));
    const { min, max } = this.range;
    let free = 0;
    for (let port = min; port <= max; port += 1) {
      free = taken.has(port) ? 0 : free + 1;
      if (free === count) return port - count + 1;
    }
    const error = new Error(`no available ports: ${min}-${max} exhausted`);
    throw Object.assign(error, { code: 'PORTS_EXHAUSTED' });
  }

  /** Keeps a key that is there; a port that is there under another key is an error. */
  protected insert(path: string, tag: string, port: number): void {
    const now = nowSeconds();
    const sql = `INSERT INTO reservations VALUES (?, ?, ?, ?, ?) ON CONFLICT (path, tag)
      DO UPDATE SET port = excluded.port, last_used_at = excluded.last_used_at`;
    this.database.prepare(sql).run(path, tag, port, now, now);
  }

  /** Whoever has the port or the key loses it. */
  protected replace(path: string, tag: string, port: number): void {
    const now = nowSeconds();
    this.database
      .prepare('INSERT OR REPLACE INTO reservations VALUES (?, ?, ?, ?, ?)')
      .run(path, tag, port, now, now);
  }

  /** Prunes and expires. */
  protected clean(): number {
    const gone = [...new Set(this.rows().map(({ path }) => path))].filter(
      (path) => !existsSync(path),
    );
    const prune = this.database.prepare('DELETE FROM reservations WHERE path = ?');
    const expire = this.database.prepare('DELETE FROM reservations WHERE last_used_at < ?');
    const results = [
      ...gone.map((path) => prune.run(path)),
      expire.run(nowSeconds() - IDLE_SECONDS_MAX),
    ];
    return results.reduce((sum, { changes }) => sum + Number(changes), 0);
  }

  /** The range that a file says once it says one: it may be just being written. */
  protected async configured(file: string): Promise<Range> {
    for (;;) {
      const [, min, max] =
        /^port_range = \[(\d+), (\d+)\]\n$/.exec(readFileSync(file, 'utf8')) ?? [];
      if (min !== undefined) return { min: Number(min), max: Number(max) };
      await turn();
    }
  }

  /** What the configuration says so far. */
  protected configuration(file: string): string {
    return existsSync(file) ? readFileSync(file, 'utf8') : 'excluded_ports:\n';
  }
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

export async function openSubject(setup: PortsSetup): Promise<PortsSubject> {
  return new HonestPorts(setup);
}
