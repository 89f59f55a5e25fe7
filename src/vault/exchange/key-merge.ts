import { timingSafeEqual } from 'node:crypto';
import type { Steps } from '../../engine/steps.ts';
import { wipe } from '../hygiene/wipe.ts';
import type { Book } from '../keys/book.ts';
import type { KeyId } from '../keys/key-id.ts';
import { type KeyEntry, openKey } from '../keys/key-record.ts';
import { KEY_STATES, type KeyState, mayMake } from '../keys/key-state.ts';
import type { Change, KeyFields } from '../keys/ledger.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import type { CarriedKey } from './carried-key.ts';

/** What becomes of keys that come in. */
export interface KeyOutcome {
  readonly created: readonly KeyId[];
  /** Also versions of the vault that make room for a newer one: they are Deprecated. */
  readonly updated: readonly KeyId[];
  readonly unchanged: readonly KeyId[];
  /** Left as the vault has them. */
  readonly conflicts: readonly KeyConflict[];
}

export interface KeyConflict {
  readonly id: KeyId;
  readonly why: string;
}

/** One key as it is to be written. */
interface Write {
  readonly before: KeyEntry | undefined;
  readonly info: KeyFields;
  /** That of the vault where nothing is said. */
  readonly material: Uint8Array | undefined;
  /** False for a key of the vault that makes room. */
  readonly isComing: boolean;
}

type Decision = { readonly write: Write } | { readonly why: string } | undefined;

/**
 * Decides what becomes of keys that come into a vault. Material, states, labels and limits stay as
 * the vault has them unless `overwrite` is set; a state that is further along than the vault's is
 * taken over. Nothing ever leads out of Revoked. Of several versions that would be in use, the
 * newest is.
 */
export class KeyMerge {
  readonly #book: Book;
  readonly #keys: VaultKeys;
  readonly #overwrite: boolean;
  readonly #seen = new Set<KeyId>();
  readonly #writes = new Map<KeyId, Write>();
  readonly #unchanged = new Set<KeyId>();
  readonly #conflicts: KeyConflict[] = [];
  /** Ids of all versions that there will be, by base id. */
  readonly #families = new Map<KeyId, Map<number, KeyId>>();

  /** @throws TAMPERED */
  constructor(book: Book, keys: VaultKeys, carried: readonly CarriedKey[], overwrite: boolean) {
    this.#book = book;
    this.#keys = keys;
    this.#overwrite = overwrite;
    for (const key of carried) this.#take(key);
    const touched = new Set([...this.#writes.values()].map(({ info }) => info.baseId));
    for (const baseId of touched) this.#leaveOneInUse(baseId);
  }

  get outcome(): KeyOutcome {
    const writes = [...this.#writes.values()];
    const idsOf = (some: readonly Write[]) => some.map(({ info }) => info.id);
    return {
      created: idsOf(writes.filter(({ before }) => before === undefined)),
      updated: idsOf(writes.filter(({ before }) => before !== undefined)),
      unchanged: [...this.#unchanged],
      conflicts: this.#conflicts,
    };
  }

  /** Writes what was decided, each key with its event. */
  *apply(change: Change): Steps<void> {
    for (const { before, info, material, isComing } of this.#writes.values()) {
      const { id: keyId, version } = info;
      if (before && material) yield* change.remove(before);
      if (material) yield* change.put(info, material);
      else if (before) yield* change.update(before, info);
      const what = before ? 'updated' : 'created';
      if (isComing) yield* change.tell({ kind: 'KeyImported', keyId, version, change: what });
      const [oldState, newState] = [before?.info.state ?? info.state, info.state];
      if (oldState === newState) continue;
      yield* change.tell({ kind: 'KeyStateChanged', keyId, oldState, newState });
    }
  }

  #take(key: CarriedKey): void {
    const { id, baseId, version } = key.info;
    const decision = this.#decide(key);
    this.#seen.add(id);
    if (decision === undefined) this.#unchanged.add(id);
    else if ('why' in decision) this.#conflicts.push({ id, why: decision.why });
    else {
      this.#writes.set(id, decision.write);
      this.#familyOf(baseId).set(version, id);
    }
  }

  /** Undefined where nothing is to be done. */
  #decide({ info, material }: CarriedKey): Decision {
    const why = this.#misfit(info);
    if (why) return { why };
    const before = this.#book.entry(info.id);
    if (before === undefined) return { write: { before, info, material, isComing: true } };
    const isSameKey =
      before.info.algorithm === info.algorithm && this.#hasMaterial(before, material);
    const [had, comes] = [before.info.state, info.state];
    if (had === 'Revoked' && comes !== 'Revoked') return { why: 'the vault has revoked it' };
    if (this.#overwrite) {
      const after = { ...info, label: info.label ?? before.info.label };
      if (isSameKey && isSameInfo(before.info, after)) return undefined;
      return { write: { before, info: after, material, isComing: true } };
    }
    if (!isSameKey) return { why: 'the vault has another key of that id' };
    if (rankOf(had) > rankOf(comes)) return { why: `the vault has it ${had}, not ${comes}` };
    if (had === comes) return undefined;
    const after = { ...before.info, state: comes };
    return { write: { before, info: after, material: undefined, isComing: true } };
  }

  /** Why it cannot stand beside the other keys, whatever it is itself. */
  #misfit({ id, baseId, version }: KeyFields): string | undefined {
    // rust-keyvault writes any number into a file.
    if (version < 1) return 'its version is 0';
    if (this.#seen.has(id)) return 'it is in the file twice';
    const there = this.#book.entry(id)?.info;
    if (there && (there.baseId !== baseId || there.version !== version)) {
      return `the vault has it as version ${there.version} of ${there.baseId}`;
    }
    const other = this.#familyOf(baseId).get(version);
    if (other && other !== id) return `${other} is version ${version} of ${baseId}`;
    // An id of a version also names its key, so it must not be that of two keys.
    const base = this.#info(baseId);
    const isBaseOfOthers = id !== baseId && this.#familyOf(id).size > 0;
    if (isBaseOfOthers || (base && base.baseId !== baseId)) return 'its id is that of another key';
    return undefined;
  }

  #info(id: KeyId): KeyFields | undefined {
    return this.#writes.get(id)?.info ?? this.#book.entry(id)?.info;
  }

  #familyOf(baseId: KeyId): Map<number, KeyId> {
    let family = this.#families.get(baseId);
    if (family === undefined) {
      const had = this.#book.family(baseId);
      family = new Map(had.map(({ info }) => [info.version, info.id]));
      this.#families.set(baseId, family);
    }
    return family;
  }

  #leaveOneInUse(baseId: KeyId): void {
    const inUse: KeyFields[] = [];
    for (const id of this.#familyOf(baseId).values()) {
      const info = this.#info(id);
      if (info && mayMake(info.state)) inUse.push(info);
    }
    inUse.sort((a, b) => a.version - b.version);
    for (const { id } of inUse.slice(0, -1)) this.#deprecate(id);
  }

  #deprecate(id: KeyId): void {
    const before = this.#book.entry(id);
    const kept = before && { before, info: before.info, material: undefined, isComing: false };
    const write = this.#writes.get(id) ?? kept;
    if (write === undefined) return;
    const info: KeyFields = { ...write.info, state: 'Deprecated' };
    this.#writes.delete(id);
    this.#unchanged.delete(id);
    const isAsBefore =
      before !== undefined &&
      isSameInfo(before.info, info) &&
      (write.material === undefined || this.#hasMaterial(before, write.material));
    if (isAsBefore) this.#unchanged.add(id);
    else this.#writes.set(id, { ...write, info });
  }

  #hasMaterial(entry: KeyEntry, material: Uint8Array): boolean {
    const had = openKey(this.#keys, entry);
    try {
      return timingSafeEqual(had, material);
    } finally {
      wipe(had);
    }
  }
}

function rankOf(state: KeyState): number {
  return KEY_STATES.indexOf(state);
}

function isSameInfo(one: KeyFields, other: KeyFields): boolean {
  return (
    one.state === other.state &&
    one.algorithm === other.algorithm &&
    one.label === other.label &&
    one.createdAt === other.createdAt &&
    one.encryptUntil === other.encryptUntil &&
    one.decryptUntil === other.decryptUntil &&
    one.nanos.created === other.nanos.created &&
    one.nanos.until === other.nanos.until
  );
}
