import type { Engine, WriteOptions } from '../engine/engine.ts';
import type { Steps } from '../engine/steps.ts';
import { type AuditPolicy, UseLog } from './audit/use-log.ts';
import { type Book, WarmBook } from './keys/book.ts';
import { type Change, Ledger } from './keys/ledger.ts';
import type { OpenVault } from './open.ts';
import type { VaultKeys } from './seal/vault-keys.ts';

/** An open vault as its parts have it in common: how they read it, and the one way to change it. */
export class Session {
  readonly engine: Engine;
  readonly keys: VaultKeys;
  readonly ledger: Ledger;
  readonly book: WarmBook;
  /** Undefined where only changes are logged. */
  readonly uses: UseLog | undefined;
  readonly #clock: () => number;

  constructor({ engine, keys }: OpenVault, clock: () => number, audit: AuditPolicy) {
    this.engine = engine;
    this.keys = keys;
    this.#clock = clock;
    this.book = new WarmBook(keys);
    this.ledger = new Ledger(keys, this.book, clock);
    if (audit !== 'changes') this.uses = new UseLog(engine, this.ledger, audit === 'strict');
  }

  /** The book as it is now. */
  async read(): Promise<Book> {
    const book = await this.engine.read(() => this.book.get());
    this.book.noteCommitted(book.state.revision);
    return book;
  }

  /** The same without a call of SQLite, where nobody has changed it since it was read. */
  peek(): Book | undefined {
    return this.engine.peek(this.book.warm);
  }

  /** One transaction. */
  async change<T>(body: (change: Change) => Steps<T>, options?: WriteOptions): Promise<T> {
    let made: Change | undefined;
    const noting = (change: Change) => {
      made = change;
      return body(change);
    };
    const result = await this.engine.write(() => this.ledger.change(noting), options);
    this.book.noteCommitted(made?.state.revision ?? 0);
    return result;
  }

  /** No clock that went back makes a key valid again. */
  now({ state }: Book): number {
    return Math.max(this.#clock(), state.at);
  }

  async close(): Promise<void> {
    try {
      await this.uses?.flush();
    } finally {
      await this.engine.close();
    }
  }
}
