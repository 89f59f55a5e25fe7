import type { Connection } from './connection.ts';
import { NO_EPOCH } from './epoch.ts';
import type { Effect, Statement, Step, Steps, Warm } from './steps.ts';

/** How a transaction serves warm values; reads and writes differ in when one may be kept. */
export interface WarmSource {
  /** Whether the value may be used as it is; else the driver builds it from the rows. */
  isCurrent(warm: Warm<unknown>): boolean;
}

/** A value built in this transaction. One that is built twice is two of these. */
interface Built {
  readonly warm: Warm<unknown>;
}

/** Where a savepoint began: what came after it is undone with it. */
interface Mark {
  readonly effects: number;
  readonly built: readonly Built[];
}

/**
 * Runs bodies synchronously on one connection, inside a transaction that the caller has begun, so
 * that no other code of this thread can stand between a body's steps.
 */
export class SyncDriver {
  readonly #connection: Connection;
  readonly #warm: WarmSource;
  readonly #marks: Mark[] = [];
  readonly #applied: Effect[] = [];
  #built: readonly Built[] = [];
  #knowsAllEffects = true;

  constructor(connection: Connection, warm: WarmSource) {
    this.#connection = connection;
    this.#warm = warm;
  }

  /** The values built in this transaction and still standing. */
  get built(): readonly Warm<unknown>[] {
    return this.#built.map(({ warm }) => warm);
  }

  /** Whether what was warm before this transaction has been kept in step with it. */
  get knowsAllEffects(): boolean {
    return this.#knowsAllEffects;
  }

  /** Runs `body` in a savepoint of its own: what it wrote is undone with it when it fails. */
  runAlone<T>(body: () => Steps<T>): T {
    const depth = this.#marks.length;
    this.#savepoint();
    try {
      const result = this.run(body);
      this.#release();
      return result;
    } catch (error) {
      this.#unwind(depth);
      throw error;
    }
  }

  /** Runs `body`. When it fails, what it wrote outside its own savepoints is the caller's to undo. */
  run<T>(body: () => Steps<T>): T {
    const depth = this.#marks.length;
    try {
      const result = this.#run(body, depth);
      if (this.#marks.length !== depth) throw new TypeError('a body left a savepoint open');
      return result;
    } catch (error) {
      this.#unwind(depth);
      throw error;
    }
  }

  /** The caller rolls the transaction back: warm values become again what they were before it. */
  abandon(): void {
    this.#undo({ effects: 0, built: [] });
  }

  #run<T>(body: () => Steps<T>, depth: number): T {
    const steps = body();
    let failure: { readonly error: unknown } | undefined;
    let turn = steps.next();
    while (!turn.done) {
      // After a failed statement only undoing a savepoint inside the body leads on.
      if (failure && turn.value.kind !== 'rollback') {
        steps.return(undefined as T);
        throw failure.error;
      }
      let reply: unknown;
      try {
        reply = this.#answer(turn.value, depth);
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

  /** `depth`: how many savepoints were open before the body, which are not the body's to end. */
  #answer(step: Step, depth: number): unknown {
    switch (step.kind) {
      case 'savepoint':
        return this.#savepoint();
      case 'release':
      case 'rollback':
        if (this.#marks.length <= depth) throw new TypeError(`${step.kind} without a savepoint`);
        return step.kind === 'release' ? this.#release() : this.#rollback();
      case 'warm':
        return this.#value(step.warm);
      default:
        return this.#execute(step);
    }
  }

  #execute(statement: Statement): unknown {
    const writesBefore = this.#connection.writes;
    const reply = this.#connection.answer(statement);
    if (this.#connection.writes === writesBefore) return reply;
    if (statement.effects === undefined) this.#forget();
    else if (reply !== 0) for (const effect of statement.effects) this.#apply(effect);
    return reply;
  }

  #value(warm: Warm<unknown>): unknown {
    if (!this.#isUsable(warm)) {
      warm.value = this.run(warm.build);
      // Not that of another epoch any more; who commits says which one it is of.
      warm.epoch = NO_EPOCH;
      this.#built = [...this.#built, { warm }];
    }
    return warm.value;
  }

  #isUsable(warm: Warm<unknown>): boolean {
    return this.#isBuilt(warm) || (this.#knowsAllEffects && this.#warm.isCurrent(warm));
  }

  #isBuilt(warm: Warm<unknown>): boolean {
    return this.#built.length > 0 && this.#built.some((built) => built.warm === warm);
  }

  /** Rows have changed in a way that nobody has told: nothing that is remembered can be relied on. */
  #forget(): void {
    this.#knowsAllEffects = false;
    this.#built = [];
  }

  /** A value that is not usable will be built from the rows, which hold the change already. */
  #apply(effect: Effect): void {
    if (!this.#isUsable(effect.warm)) return;
    try {
      effect.apply(effect.warm.value);
    } catch (error) {
      this.#spoil(effect.warm);
      throw error;
    }
    this.#applied.push(effect);
  }

  /** A failing effect left the value in an unknown state. */
  #spoil(warm: Warm<unknown>): void {
    warm.epoch = NO_EPOCH;
    this.#built = this.#built.filter((built) => built.warm !== warm);
  }

  #savepoint(): void {
    this.#connection.run(`SAVEPOINT s${this.#marks.length}`);
    this.#marks.push({ effects: this.#applied.length, built: this.#built });
  }

  #release(): void {
    this.#connection.run(`RELEASE s${this.#marks.length - 1}`);
    this.#marks.pop();
  }

  #rollback(): void {
    const mark = this.#marks.pop();
    const name = `s${this.#marks.length}`;
    this.#connection.run(`ROLLBACK TO ${name}`);
    this.#connection.run(`RELEASE ${name}`);
    if (mark) this.#undo(mark);
  }

  /** SQLite ends the whole transaction on some errors (a full disk, for one), savepoints and all. */
  #unwind(depth: number): void {
    while (this.#marks.length > depth && this.#connection.inTransaction) this.#rollback();
  }

  #undo(mark: Mark): void {
    for (const effect of this.#applied.splice(mark.effects).reverse()) {
      try {
        effect.undo(effect.warm.value);
      } catch {
        this.#spoil(effect.warm);
      }
    }
    // What was built after the mark was built on rows that are gone now.
    this.#built = this.#built.filter((built) => mark.built.includes(built));
  }
}
