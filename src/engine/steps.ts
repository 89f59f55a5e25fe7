/** What a statement may bind and a column may hold. */
export type Value = null | number | bigint | string | Uint8Array;

/** One SQL statement with `?` placeholders. Text is a literal: it is the key of the statement cache. */
export interface Statement {
  readonly kind: 'all' | 'one' | 'run';
  readonly sql: string;
  readonly params: readonly Value[];
}

/** Opens, releases or undoes a savepoint inside a body. */
export interface Mark {
  readonly kind: 'savepoint' | 'release' | 'rollback';
}

/** Asks for a warm value as this transaction sees it. */
export interface WarmRead {
  readonly kind: 'warm';
  readonly warm: Warm<unknown>;
}

/** Changes a warm value along with the rows it stands for; `undo` runs if the body is rolled back. */
export interface WarmChange {
  readonly kind: 'change';
  readonly warm: Warm<unknown>;
  readonly apply: (value: unknown) => void;
  readonly undo: (value: unknown) => void;
}

export type Step = Statement | Mark | WarmRead | WarmChange;

/**
 * A transaction body: it yields steps, a driver answers them. The same body runs synchronously on
 * SQLite and asynchronously on a server. Bodies may be run again from the start (after a batch was
 * rolled back), so a body keeps no state outside itself and does no I/O.
 */
// biome-ignore lint/suspicious/noExplicitAny: the driver's answer depends on the step; each helper below types its own.
export type Steps<T> = Generator<Step, T, any>;

/** The first row, or undefined. */
export function* one<R>(sql: string, ...params: Value[]): Steps<R | undefined> {
  return yield { kind: 'one', sql, params };
}

/** Every row. Bound the result in the SQL text (keyset pages); nothing stays open afterwards. */
export function* all<R>(sql: string, ...params: Value[]): Steps<R[]> {
  return yield { kind: 'all', sql, params };
}

/** Runs a statement that returns no rows and answers how many rows it changed. */
export function* run(sql: string, ...params: Value[]): Steps<number> {
  return yield { kind: 'run', sql, params };
}

/** All of `body` or nothing of it: its failure undoes it alone and is thrown on. */
export function* atomically<T>(body: () => Steps<T>): Steps<T> {
  yield { kind: 'savepoint' };
  let result: T;
  try {
    result = yield* body();
  } catch (error) {
    yield { kind: 'rollback' };
    throw error;
  }
  yield { kind: 'release' };
  return result;
}

/**
 * A value computed from the database and kept while no other process has changed the database.
 * `build` reads it anew. A body that writes rows that the value stands for must say so with
 * `change`: what this process writes without it leaves the value as it was.
 */
export class Warm<T> {
  readonly build: () => Steps<T>;
  /** Epoch the value was built at; odd or negative: none. Kept by the driver. */
  epoch = -1;
  value: T | undefined;

  constructor(build: () => Steps<T>) {
    this.build = build;
  }

  /** The value as of this transaction. Read it, never change it: `change` does. */
  *get(): Steps<T> {
    return yield { kind: 'warm', warm: this as Warm<unknown> };
  }

  /** Applies to the value what the body has just written to the rows. */
  *change(apply: (value: T) => void, undo: (value: T) => void): Steps<void> {
    yield {
      kind: 'change',
      warm: this as Warm<unknown>,
      apply: apply as (value: unknown) => void,
      undo: undo as (value: unknown) => void,
    };
  }
}
