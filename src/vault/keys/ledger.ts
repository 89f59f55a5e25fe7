import { one, runWith, type Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import { nextRow } from '../audit/chain.ts';
import type { AuditEvent } from '../audit/event.ts';
import { wipe } from '../hygiene/wipe.ts';
import { addMember, removeMember } from '../seal/membership.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import { sealState, type VaultState } from '../seal/vault-state.ts';
import { type SlotRow, slotMember } from '../vault-file.ts';
import type { Book, WarmBook } from './book.ts';
import { keyIdBytes } from './key-id.ts';
import {
  changesOf,
  KEY_COLUMNS,
  type KeyEntry,
  type KeyInfo,
  openKey,
  sealKey,
  valuesOf,
} from './key-record.ts';

const INSERT = `INSERT INTO keys (${KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const UPDATE = `UPDATE keys SET sequence = ?, state = ?, label = ?, encrypt_until = ?,
  decrypt_until = ?, until_ns = ?, revision = ?, sealed = ? WHERE sequence = ?`;
const DELETE = 'DELETE FROM keys WHERE sequence = ?';
const NOTE_REMOVED = 'REPLACE INTO removed_keys (sequence, id) VALUES (?, ?)';
const FORGET_REMOVED = 'DELETE FROM removed_keys WHERE sequence <= ?';
const LOG = 'INSERT INTO audit (sequence, at, event, detail, mac) VALUES (?, ?, ?, ?, ?)';
const RESTATE = 'UPDATE vault SET state = ? WHERE only = 1';

/** Of so many changes of keys it is known which were removals. */
const REMOVED_MAX = 10_000;

/** What a change of a key says of it: the rest is the vault's to say. */
export type KeyFields = Omit<KeyInfo, 'revision'>;

/** The one place that writes rows of a vault: each with its event, and the state that covers both. */
export class Ledger {
  readonly keys: VaultKeys;
  readonly book: WarmBook;
  readonly #clock: () => number;

  constructor(keys: VaultKeys, book: WarmBook, clock: () => number) {
    this.keys = keys;
    this.book = book;
    this.#clock = clock;
  }

  /** Runs a body that may change the vault, and writes the new state if it has. */
  *change<T>(body: (change: Change) => Steps<T>): Steps<T> {
    const book = yield* this.book.get();
    const change = new Change(this, book, this.#clock());
    const result = yield* body(change);
    yield* change.finish();
    return result;
  }
}

/** Whether they differ in nothing that is said once and for all, when a version is made. */
function isSameVersion(one: KeyFields, other: KeyFields): boolean {
  return (
    one.baseId === other.baseId &&
    one.version === other.version &&
    one.algorithm === other.algorithm &&
    one.createdAt === other.createdAt &&
    one.nanos.created === other.nanos.created
  );
}

/** One transaction's changes. */
export class Change {
  readonly #ledger: Ledger;
  readonly #before: VaultState;
  #state: VaultState;
  #hasChanged = false;
  readonly book: Book;
  /** Epoch ms: never before what the vault has seen. */
  readonly at: number;

  constructor(ledger: Ledger, book: Book, now: number) {
    this.#ledger = ledger;
    this.book = book;
    this.#before = book.state;
    this.at = Math.max(now, book.state.at);
    this.#state = { ...book.state, revision: book.state.revision + 1, at: this.at };
  }

  /** Writes a key with its material. @throws CONFLICT for the id of another version or key */
  *put(fields: KeyFields, material: Uint8Array): Steps<KeyEntry> {
    const { keys, book } = this.#ledger;
    const before = this.book.entry(fields.id);
    if (before && !isSameVersion(before.info, fields)) {
      throw new HoldfastError('CONFLICT', `there is another key ${fields.id} already`);
    }
    if (!before) this.#requireFree(fields);
    const info = { ...fields, revision: this.#state.revision };
    const after = sealKey(keys, { info, sequence: this.#nextSequence() }, material);
    const effects = [book.putting(before, after)];
    if (before) yield* runWith(effects, UPDATE, ...changesOf(after), before.sequence);
    else yield* runWith(effects, INSERT, ...valuesOf(after));
    const without = before ? removeMember(this.#state.keys, before.member) : this.#state.keys;
    this.#note({ keys: addMember(without, after.member) });
    return after;
  }

  #requireFree({ baseId, version }: KeyFields): void {
    const family = this.book.family(baseId);
    const isNewest = (family.at(-1)?.info.version ?? 0) < version;
    if (isNewest || family.every(({ info }) => info.version !== version)) return;
    throw new HoldfastError('CONFLICT', `key ${baseId} has another version ${version} already`);
  }

  /** Writes what is said of a key, and leaves its material. */
  *update(entry: KeyEntry, fields: Partial<KeyFields>): Steps<KeyEntry> {
    const material = openKey(this.#ledger.keys, entry);
    try {
      return yield* this.put({ ...entry.info, ...fields }, material);
    } finally {
      wipe(material);
    }
  }

  *remove(entry: KeyEntry): Steps<void> {
    yield* runWith([this.#ledger.book.dropping(entry)], DELETE, entry.sequence);
    const sequence = this.#nextSequence();
    yield* runWith([], NOTE_REMOVED, sequence, keyIdBytes(entry.info.id));
    yield* runWith([], FORGET_REMOVED, sequence - REMOVED_MAX);
    this.#note({ keys: removeMember(this.#state.keys, entry.member) });
  }

  /** Writes a way in, new or in the place of the one of that id. */
  *putSlot(row: SlotRow): Steps<void> {
    yield* this.#dropSlot(row.id);
    yield* runWith([], 'INSERT INTO slots (id, slot) VALUES (?, ?)', row.id, row.slot);
    this.#note({ slots: addMember(this.#state.slots, slotMember(this.#ledger.keys, row)) });
  }

  *removeSlot(id: string): Steps<void> {
    yield* this.#dropSlot(id);
  }

  *#dropSlot(id: string): Steps<void> {
    const slot = (yield* one<SlotRow>('SELECT id, slot FROM slots WHERE id = ?', id)) ?? undefined;
    if (slot === undefined) return;
    yield* runWith([], 'DELETE FROM slots WHERE id = ?', id);
    this.#note({ slots: removeMember(this.#state.slots, slotMember(this.#ledger.keys, slot)) });
  }

  /** Notes that a row of a secret has come, gone or changed. */
  noteSecret(before: bigint | undefined, after: bigint | undefined): void {
    const without =
      before === undefined ? this.#state.secrets : removeMember(this.#state.secrets, before);
    this.#note({ secrets: after === undefined ? without : addMember(without, after) });
  }

  /** That of the vault when this is done, and as it was if this changes nothing. */
  get state(): VaultState {
    return this.#hasChanged ? this.#state : this.#before;
  }

  /** What rows that this writes say. */
  get revision(): number {
    return this.#state.revision;
  }

  *tell(event: AuditEvent): Steps<void> {
    const { audit } = this.#state;
    const row = nextRow(this.#ledger.keys.audit, audit, this.at, event);
    yield* runWith([], LOG, row.sequence, row.at, row.event, row.detail, row.mac);
    this.#note({ audit: { ...audit, sequence: row.sequence, mac: row.mac } });
  }

  *finish(): Steps<void> {
    if (!this.#hasChanged) return;
    const effect = this.#ledger.book.restating(this.#before, this.#state);
    yield* runWith([effect], RESTATE, sealState(this.#ledger.keys, this.#state));
  }

  #nextSequence(): number {
    this.#note({ keyChanges: this.#state.keyChanges + 1 });
    return this.#state.keyChanges;
  }

  #note(change: Partial<VaultState>): void {
    this.#state = { ...this.#state, ...change };
    this.#hasChanged = true;
  }
}
