import { DatabaseSync } from 'node:sqlite';
import type { Engine, Schema } from '../../src/engine/engine.ts';
import type { Step, Steps, Warm } from '../../src/engine/steps.ts';

/**
 * An engine whose every step is awaited, as a server database answers it: other code of this thread
 * runs between any two steps of a body. Writers take turns, as they do behind a writer row.
 * Warm values are built anew in each transaction. It shows that bodies do not rely on running in
 * one piece.
 */
export class AsyncEngine implements Engine {
  readonly #database: DatabaseSync;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  static async open(file: string, schema: Schema): Promise<AsyncEngine> {
    const engine = new AsyncEngine(new DatabaseSync(file));
    const found = await engine.write(() => schema.found());
    if (found < schema.version) await engine.write(() => schema.migrate(found));
    return engine;
  }

  read<T>(body: () => Steps<T>): Promise<T> {
    return this.write(body);
  }

  write<T>(body: () => Steps<T>): Promise<T> {
    const result = this.#turn.then(() => this.#transact(body));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  peek(): undefined {
    return undefined;
  }

  changes(): AsyncIterableIterator<void> {
    throw new Error('not in tests');
  }

  finishNow(): boolean {
    throw new Error('not in tests');
  }

  async close(): Promise<void> {
    await this.#turn;
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #transact<T>(body: () => Steps<T>): Promise<T> {
    this.#database.exec('BEGIN');
    try {
      const result = await drive(this.#database, body, new Map());
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

type WarmValues = Map<Warm<unknown>, unknown>;

async function drive<T>(
  database: DatabaseSync,
  body: () => Steps<T>,
  warm: WarmValues,
): Promise<T> {
  const steps = body();
  let failure: { readonly error: unknown } | undefined;
  let depth = 0;
  let turn = steps.next();
  while (!turn.done) {
    const step = turn.value;
    await new Promise((resolve) => setImmediate(resolve));
    if (failure && step.kind !== 'rollback') throw failure.error;
    let reply: unknown;
    try {
      if (step.kind === 'savepoint') depth += 1;
      reply = await answer(database, step, depth, warm);
      if (step.kind === 'release' || step.kind === 'rollback') depth -= 1;
      failure = undefined;
    } catch (error) {
      failure = { error };
      turn = steps.throw(error);
      continue;
    }
    turn = steps.next(reply);
  }
  if (failure) throw failure.error;
  return turn.value;
}

async function answer(
  database: DatabaseSync,
  step: Step,
  depth: number,
  warm: WarmValues,
): Promise<unknown> {
  switch (step.kind) {
    case 'savepoint':
      return database.exec(`SAVEPOINT s${depth}`);
    case 'release':
      return database.exec(`RELEASE s${depth}`);
    case 'rollback':
      // What was built may hold rows that are gone now.
      warm.clear();
      return database.exec(`ROLLBACK TO s${depth}; RELEASE s${depth}`);
    case 'warm':
      if (!warm.has(step.warm)) warm.set(step.warm, await drive(database, step.warm.build, warm));
      return warm.get(step.warm);
    case 'one':
      return database.prepare(step.sql).get(...step.params);
    case 'all':
      return database.prepare(step.sql).all(...step.params);
    case 'values': {
      const prepared = database.prepare(step.sql);
      prepared.setReturnArrays(true);
      return prepared.all(...step.params);
    }
    default: {
      const changes = Number(database.prepare(step.sql).run(...step.params).changes);
      if (step.effects === undefined) warm.clear();
      for (const effect of (changes > 0 && step.effects) || []) {
        if (warm.has(effect.warm)) effect.apply(warm.get(effect.warm));
      }
      return changes;
    }
  }
}
