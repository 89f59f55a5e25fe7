/** What a statement may bind and a column may hold. */
export type Value = null | number | bigint | string | Uint8Array;

/** One SQL statement with `?` placeholders. Text is a literal: it is the key of the statement cache. */
export interface Statement {
  readonly kind: 'all' | 'one' | 'run' | 'values';
  readonly sql: string;
  readonly params: readonly Value[];
  /** All that a writing statement means for warm values; undefined: nobody knows. */
  readonly effects: readonly Effect[] | undefined;
}

/** What a statement means for a warm value if it changes a row; `undo` runs if it is rolled back. */
export interface Effect {
  readonly warm: Warm<unknown>;
  readonly apply: (value: unknown) => void;
  readonly undo: (value: unknown) => void;
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

export type Step = Statement | Mark | WarmRead;

/**
 * A transaction body: it yields steps, a driver answers them. The same body runs synchronously on
 * SQLite and asynchronously on a server. Bodies may be run again from the start (after a batch was
 * rolled back), so a body keeps no state outside itself and does no I/O.
 */
// biome-ignore lint/suspicious/noExplicitAny: the driver's answer depends on the step; each helper below types its own.
export type Steps<T> = Generator<Step, T, any>;

/** The first row, or undefined. */
export function* one<R>(sql: string, ...params: Value[]): Steps<R | undefined> {
  return yield { kind: 'one', sql, params, effects: undefined };
}

/** Every row. Bound the result in the SQL text (keyset pages); nothing stays open afterwards. */
export function* all<R>(sql: string, ...params: Value[]): Steps<R[]> {
  return yield { kind: 'all', sql, params, effects: undefined };
}

/** Every row as an array in the order of its columns: a third less time for many wide rows. */
export function* values<R extends readonly Value[]>(sql: string, ...params: Value[]): Steps<R[]> {
  return yield { kind: 'values', sql, params, effects: undefined };
}

/** Runs a statement that returns no rows and answers how many rows it changed. Warm values are forgotten. */
export function* run(sql: string, ...params: Value[]): Steps<number> {
  return yield { kind: 'run', sql, params, effects: undefined };
}

/** Like `run`, where `effects` is all that the statement means for warm values: they are kept. */
export function* runWith(
  effects: readonly Effect[],
  sql: string,
  ...params: Value[]
): Steps<number> {
  return yield { kind: 'run', sql, params, effects };
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
 * A value computed from the database and kept while nobody has changed the database: no other
 * process, and no statement of this one that did not say what it means for the value (`runWith`).
 * `build` reads it anew.
 */
export class Warm<T> {
  readonly build: () => Steps<T>;
  /** Epoch the value was built at; odd or negative: none. Kept by the driver. */
  epoch = -1;
  value: T | undefined;

  constructor(build: () => Steps<T>) {
    this.build = build;
  }

  /** The value as of this transaction. Read it, never change it: an effect does. */
  *get(): Steps<T> {
    return yield { kind: 'warm', warm: this as Warm<unknown> };
  }

  /** What a statement does to the value. */
  effect(apply: (value: T) => void, undo: (value: T) => void): Effect {
    return {
      warm: this as Warm<unknown>,
      apply: apply as (value: unknown) => void,
      undo: undo as (value: unknown) => void,
    };
  }
}
