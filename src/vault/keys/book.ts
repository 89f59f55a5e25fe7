import { all, type Effect, type Steps, Warm } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import { addMember, removeMember } from '../seal/membership.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import type { VaultState } from '../seal/vault-state.ts';
import { readState } from '../vault-file.ts';
import type { KeyId } from './key-id.ts';
import { entryOfRow, KEY_COLUMNS, type KeyEntry, type KeyRow } from './key-record.ts';

const PAGE_ROWS = 1000;
const CHANGED = `SELECT ${KEY_COLUMNS} FROM keys WHERE revision > ?`;
const PAGE = `SELECT ${KEY_COLUMNS} FROM keys WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS}`;

/** All keys of a vault as of one transaction, without their material. */
export class Book {
  state: VaultState;
  readonly #entries = new Map<KeyId, KeyEntry>();
  /** Versions of each key in ascending order, by base id. */
  readonly #families = new Map<KeyId, KeyEntry[]>();
  /** Of the entries here; what the state says they must come to is in `state.keys`. */
  #sum = 0n;

  constructor(state: VaultState) {
    this.state = state;
  }

  get size(): number {
    return this.#entries.size;
  }

  get entries(): Iterable<KeyEntry> {
    return this.#entries.values();
  }

  entry(id: KeyId): KeyEntry | undefined {
    return this.#entries.get(id);
  }

  /** All versions, oldest first; none where there is no such key. */
  family(baseId: KeyId): readonly KeyEntry[] {
    return this.#families.get(baseId) ?? [];
  }

  /** Whether these are the rows that the state of the vault speaks of: all of them and no others. */
  get isWhole(): boolean {
    return this.#sum === this.state.keys;
  }

  put(entry: KeyEntry): void {
    const { id, baseId, version } = entry.info;
    this.drop(id);
    this.#entries.set(id, entry);
    this.#sum = addMember(this.#sum, entry.member);
    const family = this.#families.get(baseId) ?? [];
    const place = family.findIndex(({ info }) => info.version > version);
    family.splice(place < 0 ? family.length : place, 0, entry);
    this.#families.set(baseId, family);
  }

  drop(id: KeyId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#sum = removeMember(this.#sum, entry.member);
    const { baseId } = entry.info;
    const family = this.#families.get(baseId)?.filter(({ info }) => info.id !== id) ?? [];
    if (family.length > 0) this.#families.set(baseId, family);
    else this.#families.delete(baseId);
  }
}

/**
 * The book, kept warm. One that has fallen behind is brought up to date by the rows that have
 * changed since, and read anew where that does not come to what the state of the vault says.
 */
export class WarmBook {
  readonly warm = new Warm(() => this.#build());
  readonly #keys: VaultKeys;
  #last: Book | undefined;
  /** The newest revision that was seen to be committed: an older one is an old copy of the file. */
  #newest: number;

  constructor(keys: VaultKeys, newest = 0) {
    this.#keys = keys;
    this.#newest = newest;
  }

  get(): Steps<Book> {
    return this.warm.get();
  }

  /** Told of each revision that a finished transaction has shown. */
  noteCommitted(revision: number): void {
    this.#newest = Math.max(this.#newest, revision);
  }

  putting(before: KeyEntry | undefined, after: KeyEntry): Effect {
    return this.warm.effect(
      (book) => book.put(after),
      (book) => (before ? book.put(before) : book.drop(after.info.id)),
    );
  }

  dropping(entry: KeyEntry): Effect {
    return this.warm.effect(
      (book) => book.drop(entry.info.id),
      (book) => book.put(entry),
    );
  }

  restating(before: VaultState, after: VaultState): Effect {
    return this.warm.effect(
      (book) => {
        book.state = after;
      },
      (book) => {
        book.state = before;
      },
    );
  }

  /** @throws TAMPERED */
  *#build(): Steps<Book> {
    const state = yield* readState(this.#keys);
    if (state.revision < this.#newest) {
      throw tampered(`it was rolled back from revision ${this.#newest} to ${state.revision}`);
    }
    const book = (yield* this.#caughtUp(state)) ?? (yield* this.#whole(state));
    this.#last = book;
    return book;
  }

  *#caughtUp(state: VaultState): Steps<Book | undefined> {
    const book = this.#last;
    if (book === undefined || book.state.revision > state.revision) return undefined;
    const changed = yield* all<KeyRow>(CHANGED, book.state.revision);
    for (const row of changed) book.put(entryOfRow(this.#keys, row));
    book.state = state;
    return book.isWhole ? book : undefined;
  }

  *#whole(state: VaultState): Steps<Book> {
    const book = new Book(state);
    let after: Uint8Array = Buffer.alloc(0);
    for (;;) {
      const rows = yield* all<KeyRow>(PAGE, after);
      for (const row of rows) book.put(entryOfRow(this.#keys, row));
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_ROWS) break;
      after = last.id;
    }
    if (!book.isWhole) throw tampered('records of keys were removed, added or put back');
    return book;
  }
}

function tampered(what: string): HoldfastError {
  return new HoldfastError('TAMPERED', `the vault is not as it was written: ${what}`);
}
