import type { Connection } from './connection.ts';
import { NO_EPOCH } from './epoch.ts';
import type { Step, Steps, Warm, WarmChange } from './steps.ts';

/** How a transaction serves warm values; reads and writes differ in when one may be kept. */
export interface WarmSource {
  /** Whether the value may be used as it is; else the driver builds it from the rows. */
  isCurrent(warm: Warm<unknown>): boolean;
}

interface Change {
  readonly warm: Warm<unknown>;
  readonly undo: (value: unknown) => void;
}

/** Where a savepoint began: what came after it is undone with it. */
interface Mark {
  readonly changes: number;
  readonly built: number;
}

/**
 * Runs bodies synchronously on one connection, inside a transaction that the caller has begun, so
 * that no other code of this thread can stand between a body's steps.
 */
export class SyncDriver {
  readonly #connection: Connection;
  readonly #warm: WarmSource;
  readonly #marks: Mark[] = [];
  readonly #changes: Change[] = [];
  readonly #built: Warm<unknown>[] = [];
  /** Values that a failing change left in an unknown state. */
  readonly #spoiled = new Set<Warm<unknown>>();

  constructor(connection: Connection, warm: WarmSource) {
    this.#connection = connection;
    this.#warm = warm;
  }

  /** Runs `body` in a savepoint of its own: it fails alone. */
  runAlone<T>(body: () => Steps<T>): T {
    this.#savepoint();
    let result: T;
    try {
      result = this.run(body);
    } catch (error) {
      // SQLite ends the whole transaction on some errors (a full disk, for one).
      if (this.#connection.inTransaction) while (this.#marks.length > 0) this.#rollback();
      throw error;
    }
    this.#release();
    return result;
  }

  run<T>(body: () => Steps<T>): T {
    const steps = body();
    const depth = this.#marks.length;
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
    if (this.#marks.length !== depth) throw new TypeError('a body left a savepoint open');
    return turn.value;
  }

  /** The values built in this transaction and still standing. */
  get built(): readonly Warm<unknown>[] {
    return this.#built.filter((warm) => !this.#spoiled.has(warm));
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
      case 'change':
        return this.#change(step);
      default:
        return this.#connection.answer(step);
    }
  }

  #value(warm: Warm<unknown>): unknown {
    if (!this.#isUsable(warm)) {
      warm.value = this.run(warm.build);
      // Not that of another epoch any more; who commits says which one it is of.
      warm.epoch = NO_EPOCH;
      this.#built.push(warm);
      this.#spoiled.delete(warm);
    }
    return warm.value;
  }

  #isUsable(warm: Warm<unknown>): boolean {
    if (this.#spoiled.has(warm)) return false;
    return this.#built.includes(warm) || this.#warm.isCurrent(warm);
  }

  #spoil(warm: Warm<unknown>): void {
    warm.epoch = NO_EPOCH;
    this.#spoiled.add(warm);
  }

  /** A value that is not current will be built from the rows, which hold the change already. */
  #change(step: WarmChange): void {
    if (!this.#isUsable(step.warm)) return;
    try {
      step.apply(step.warm.value);
    } catch (error) {
      this.#spoil(step.warm);
      throw error;
    }
    this.#changes.push(step);
  }

  #savepoint(): void {
    this.#connection.run(`SAVEPOINT s${this.#marks.length}`);
    this.#marks.push({ changes: this.#changes.length, built: this.#built.length });
  }

  #release(): void {
    this.#marks.pop();
    this.#connection.run(`RELEASE s${this.#marks.length}`);
  }

  #rollback(): void {
    const mark = this.#marks.pop() ?? { changes: 0, built: 0 };
    const name = `s${this.#marks.length}`;
    this.#connection.run(`ROLLBACK TO ${name}`);
    this.#connection.run(`RELEASE ${name}`);
    for (const change of this.#changes.splice(mark.changes).reverse()) {
      try {
        change.undo(change.warm.value);
      } catch {
        this.#spoil(change.warm);
      }
    }
    // Built after the savepoint, so perhaps on rows that are gone now.
    for (const warm of this.#built.splice(mark.built)) warm.epoch = NO_EPOCH;
  }
}
