import { all, type Effect, type Steps, Warm } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import { addMember, removeMember } from '../seal/membership.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import type { VaultState } from '../seal/vault-state.ts';
import { readState } from '../vault-file.ts';
import type { KeyId } from './key-id.ts';
import { entryOfRow, KEY_COLUMNS, type KeyEntry, type KeyRow } from './key-record.ts';
import { mayMake } from './key-state.ts';

const PAGE_ROWS = 1000;
const CHANGED = `SELECT ${KEY_COLUMNS} FROM keys WHERE sequence > ? ORDER BY sequence`;
const REMOVED = 'SELECT lower(hex(id)) AS id FROM removed_keys WHERE sequence > ?';
const PAGE = `SELECT ${KEY_COLUMNS} FROM keys WHERE sequence > ? ORDER BY sequence LIMIT ${PAGE_ROWS}`;

/** All keys of a vault as of one transaction, without their material. */
export class Book {
  state: VaultState;
  readonly #entries = new Map<KeyId, KeyEntry>();
  /** Versions of each key in ascending order, by base id. */
  readonly #families = new Map<KeyId, KeyEntry[]>();
  /** Those of them that are in use: one of each key, unless some were brought in. */
  readonly #inUse = new Map<KeyId, Set<KeyEntry>>();
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

  /** The versions in use. */
  inUse(baseId: KeyId): Iterable<KeyEntry> {
    return this.#inUse.get(baseId) ?? [];
  }

  /** Whether these are the rows that the state of the vault speaks of: all of them and no others. */
  get isWhole(): boolean {
    return this.#sum === this.state.keys;
  }

  /** @throws TAMPERED when it is there already */
  add(entry: KeyEntry): void {
    if (this.#entries.has(entry.info.id)) throw tampered('a record of a key is there twice');
    this.put(entry);
  }

  put(entry: KeyEntry): void {
    const { id, baseId, version } = entry.info;
    const before = this.#entries.get(id)?.info;
    const isInPlace = before?.baseId === baseId && before.version === version;
    if (before && !isInPlace) this.drop(id);
    const family = this.#familyOf(baseId);
    // Mostly it is one of the newest.
    const place = family.findLastIndex(({ info }) => info.version <= version);
    if (isInPlace) this.#leave(family.splice(place, 1, entry));
    else family.splice(place + 1, 0, entry);
    this.#entries.set(id, entry);
    this.#enter(entry);
  }

  drop(id: KeyId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    const { baseId } = entry.info;
    const family = this.#familyOf(baseId);
    this.#leave(family.splice(family.lastIndexOf(entry), 1));
    if (family.length > 0) return;
    this.#families.delete(baseId);
    this.#inUse.delete(baseId);
  }

  #familyOf(baseId: KeyId): KeyEntry[] {
    let family = this.#families.get(baseId);
    if (family === undefined) {
      family = [];
      this.#families.set(baseId, family);
    }
    return family;
  }

  #enter(entry: KeyEntry): void {
    this.#sum = addMember(this.#sum, entry.member);
    const { baseId, state } = entry.info;
    if (!mayMake(state)) return;
    const inUse = this.#inUse.get(baseId);
    if (inUse) inUse.add(entry);
    else this.#inUse.set(baseId, new Set([entry]));
  }

  #leave(entries: readonly KeyEntry[]): void {
    for (const entry of entries) {
      this.#sum = removeMember(this.#sum, entry.member);
      this.#inUse.get(entry.info.baseId)?.delete(entry);
    }
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

  /** The state without the keys. @throws TAMPERED */
  *state(): Steps<VaultState> {
    const state = yield* readState(this.#keys);
    if (state.revision >= this.#newest) return state;
    throw tampered(`it was rolled back from revision ${this.#newest} to ${state.revision}`);
  }

  /** @throws TAMPERED */
  *#build(): Steps<Book> {
    const state = yield* this.state();
    const book = (yield* this.#caughtUp(state)) ?? (yield* this.#whole(state));
    this.#last = book;
    return book;
  }

  *#caughtUp(state: VaultState): Steps<Book | undefined> {
    const book = this.#last;
    if (book === undefined || book.state.revision > state.revision) return undefined;
    const since = book.state.keyChanges;
    // What they say is not sealed: whether it is right shows in the sum.
    for (const { id } of yield* all<{ id: string }>(REMOVED, since)) book.drop(id as KeyId);
    const changed = yield* all<KeyRow>(CHANGED, since);
    for (const row of changed) book.put(entryOfRow(this.#keys, row));
    book.state = state;
    return book.isWhole ? book : undefined;
  }

  *#whole(state: VaultState): Steps<Book> {
    const book = new Book(state);
    // No row is passed over, whatever somebody has written there.
    let after = Number.NEGATIVE_INFINITY;
    for (;;) {
      const rows = yield* all<KeyRow>(PAGE, after);
      for (const row of rows) book.add(entryOfRow(this.#keys, row));
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_ROWS) break;
      after = last.sequence;
    }
    if (!book.isWhole) throw tampered('records of keys were removed, added or put back');
    return book;
  }
}

function tampered(what: string): HoldfastError {
  return new HoldfastError('TAMPERED', `the vault is not as it was written: ${what}`);
}
