import type { KeyObject } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Engine, WriteOptions } from '../engine/engine.ts';
import type { Steps } from '../engine/steps.ts';
import { HoldfastError } from '../errors.ts';
import { type AuditPolicy, UseLog } from './audit/use-log.ts';
import { type Book, WarmBook } from './keys/book.ts';
import { type Change, Ledger } from './keys/ledger.ts';
import type { OpenVault } from './open.ts';
import type { VaultKeys } from './seal/vault-keys.ts';

/** What of an open vault leads to keys. */
interface Parts {
  readonly root: KeyObject;
  readonly keys: VaultKeys;
  readonly book: WarmBook;
  readonly ledger: Ledger;
  readonly uses: UseLog | undefined;
}

/** An open vault as its parts have it in common: how they read it, and the one way to change it. */
export class Session {
  readonly engine: Engine;
  readonly #clock: () => number;
  readonly #closing = new AbortController();
  readonly #followers = new Set<Promise<void>>();
  /** Let go when the vault is closed, as the one who has opened it may keep it. */
  #parts: Parts | undefined;

  constructor({ engine, keys, root }: OpenVault, clock: () => number, audit: AuditPolicy) {
    this.engine = engine;
    this.#clock = clock;
    const book = new WarmBook(keys);
    const ledger = new Ledger(keys, book, clock);
    const isLogging = audit !== 'changes';
    const uses = isLogging ? new UseLog(engine, ledger, audit === 'strict') : undefined;
    this.#parts = { root, keys, book, ledger, uses };
  }

  get root(): KeyObject {
    return this.#open.root;
  }

  get keys(): VaultKeys {
    return this.#open.keys;
  }

  get book(): WarmBook {
    return this.#open.book;
  }

  get ledger(): Ledger {
    return this.#open.ledger;
  }

  /** Undefined where only changes are logged. */
  get uses(): UseLog | undefined {
    return this.#open.uses;
  }

  get #open(): Parts {
    if (this.#parts) return this.#parts;
    throw closed();
  }

  /** Aborted when the vault begins to close; what follows it has still time to end. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Work that lasts until `closing`; `close` waits for its end. */
  async following(work: () => Promise<void>): Promise<void> {
    if (this.closing.aborted) throw closed();
    const ended = work();
    this.#followers.add(ended);
    try {
      await ended;
    } finally {
      this.#followers.delete(ended);
    }
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
      await this.#parts?.uses?.flush();
    } finally {
      this.#closing.abort();
      await Promise.allSettled(this.#followers);
      await this.engine.close();
      // What has been read before is used in this turn of the event loop.
      await turn();
      this.#parts = undefined;
    }
  }
}

function closed(): HoldfastError {
  return new HoldfastError('CLOSED', 'the vault was closed by this process');
}
