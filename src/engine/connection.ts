import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { HoldfastError } from '../errors.ts';
import type { Durability } from './engine.ts';
import { translate } from './sqlite-error.ts';
import type { Statement, Value } from './steps.ts';

/** Statements are literals in the code, so the cache ends by itself; this bounds a mistake. */
const MAX_STATEMENTS = 512;

/** What cannot change rows. Anything else counts as a write and is refused in a read. */
const READING =
  /^\s*(?:SELECT|VALUES|PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|REPLACE)\b))\b/is;

interface Prepared {
  readonly prepared: StatementSync;
  readonly writes: boolean;
}

/** One SQLite connection with its statement cache. Every call is synchronous. */
export class Connection {
  readonly file: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Prepared>();
  /** Those that answer arrays. */
  readonly #arrays = new Map<string, Prepared>();
  /** Set by whoever holds the writer lock, for the time of its transaction. */
  writable = false;
  #writes = 0;

  constructor(file: string, options: { readOnly?: boolean } = {}) {
    this.file = file;
    try {
      this.#database = new DatabaseSync(file, { readOnly: options.readOnly ?? false, timeout: 0 });
    } catch (error) {
      throw translate(error, `cannot open database ${file}`);
    }
  }

  /** Settings of this connection. None of them waits for a lock or changes the file. */
  configure(durability: Durability): void {
    const full = durability === 'power';
    this.exec(`PRAGMA synchronous = ${full ? 'FULL' : 'NORMAL'}`);
    // macOS only, ignored elsewhere: fsync alone leaves the data in the drive's cache.
    if (full && process.platform === 'darwin') {
      this.exec('PRAGMA fullfsync = 1');
      this.exec('PRAGMA checkpoint_fullfsync = 1');
    }
    // A file from outside may not run code in its schema.
    this.exec('PRAGMA trusted_schema = OFF');
  }

  /** Runs statements without results and without parameters. */
  exec(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw translate(error, `database ${this.file}: ${sql}`);
    }
  }

  /** Runs one statement without results, from the statement cache. */
  run(sql: string): void {
    // `get` makes no result object.
    this.answer({ kind: 'one', sql, params: [], effects: undefined });
  }

  /** @throws SQL_ERROR when a statement that can write is run while writing is not allowed */
  answer(statement: Statement): unknown {
    try {
      const { prepared, writes } = this.#prepare(statement);
      if (writes) this.#noteWrite(statement.sql);
      if (statement.kind === 'one') return prepared.get(...statement.params);
      if (statement.kind === 'all' || statement.kind === 'values')
        return prepared.all(...statement.params);
      return Number(prepared.run(...statement.params).changes);
    } catch (error) {
      throw translate(error, `database ${this.file}`);
    }
  }

  /** The first column of the first row. */
  scalar(sql: string): Value | undefined {
    const row = this.answer({ kind: 'one', sql, params: [], effects: undefined });
    if (typeof row !== 'object' || row === null) return undefined;
    return Object.values(row as Record<string, Value>)[0];
  }

  /** How many statements that can write have been begun, for good or in vain. */
  get writes(): number {
    return this.#writes;
  }

  get inTransaction(): boolean {
    return this.isOpen && this.#database.isTransaction;
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  close(): void {
    this.#statements.clear();
    this.#arrays.clear();
    if (this.isOpen) this.#database.close();
  }

  #noteWrite(sql: string): void {
    if (!this.writable) {
      throw new HoldfastError('SQL_ERROR', `a read-only transaction tried to write: ${sql}`);
    }
    this.#writes += 1;
  }

  #prepare({ sql, kind }: Statement): Prepared {
    const statements = kind === 'values' ? this.#arrays : this.#statements;
    let found = statements.get(sql);
    if (!found) {
      if (statements.size >= MAX_STATEMENTS) statements.clear();
      found = { prepared: this.#database.prepare(sql), writes: !READING.test(sql) };
      if (kind === 'values') found.prepared.setReturnArrays(true);
      statements.set(sql, found);
    }
    return found;
  }
}
