import type { Engine } from '../../engine/engine.ts';
import type { Steps } from '../../engine/steps.ts';
import type { Ledger } from '../keys/ledger.ts';
import type { AuditEvent } from './event.ts';

/**
 * Which events are written. `changes`: what changes the vault, always in the transaction that does.
 * `all`: uses of keys and secrets too, at most 100 ms later. `strict`: uses before their result is given.
 */
export type AuditPolicy = 'changes' | 'all' | 'strict';

const BEHIND_MS = 100;

/** Beyond that nobody is made to wait for the timer. */
const PENDING_MAX = 1000;

/** Writes what was done with keys and secrets. An event that cannot be written fails the use that comes after it. */
export class UseLog {
  readonly #engine: Engine;
  readonly #ledger: Ledger;
  readonly #isStrict: boolean;
  #pending: AuditEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failure: { readonly cause: unknown } | undefined;

  constructor(engine: Engine, ledger: Ledger, isStrict: boolean) {
    this.#engine = engine;
    this.#ledger = ledger;
    this.#isStrict = isStrict;
  }

  /** @throws what the last write threw that nobody has been told of yet */
  async tell(event: AuditEvent): Promise<void> {
    if (this.#isStrict) return this.#write([event]);
    this.#throwFailure();
    this.#pending.push(event);
    if (this.#pending.length >= PENDING_MAX) return this.flush();
    // It keeps the process alive: what was told is to be written.
    this.#timer ??= setTimeout(() => void this.#flushInBackground(), BEHIND_MS);
  }

  /** Resolves when everything that was told is written. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#pending;
    this.#pending = [];
    this.#writing = this.#writing.then(() => this.#write(events));
    const written = this.#writing;
    this.#writing = written.catch(() => undefined);
    await written;
    this.#throwFailure();
  }

  async #flushInBackground(): Promise<void> {
    try {
      await this.flush();
    } catch (cause) {
      this.#failure = { cause };
    }
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.cause;
  }

  async #write(events: readonly AuditEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.#engine.write(() =>
      this.#ledger.change(function* (change): Steps<void> {
        for (const event of events) yield* change.tell(event);
      }),
    );
  }
}
