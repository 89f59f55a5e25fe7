import { one, type Steps } from '../engine/steps.ts';
import { HoldfastError, wrongArgument } from '../errors.ts';
import { wipe } from './hygiene/wipe.ts';
import type { Change } from './keys/ledger.ts';
import type { Session } from './session.ts';
import { parseSlot, type SlotKind } from './slots/slot.ts';
import { PASSWORD_SLOTS_MAX, wrapRoot } from './slots/slots.ts';
import { type NewUnlock, newSlotOf, type Unlock } from './unlock.ts';
import { MEMORY_SLOT, readHeader, SLOTS_MAX, type SlotRow } from './vault-file.ts';

/** One way into a vault. */
export interface SlotInfo {
  readonly id: string;
  readonly kind: SlotKind;
}

/**
 * The ways into a vault. All of them lead to the same root key, so none costs another. A vault in
 * memory has none, and takes none.
 */
export class Slots {
  readonly #session: Session;
  /** The one by which this vault was opened. */
  #own: string;

  constructor(session: Session, own: string) {
    this.#session = session;
    this.#own = own;
  }

  async list(): Promise<readonly SlotInfo[]> {
    return this.#session.engine.read(slotsBody);
  }

  /**
   * Makes another way in; a vault has at most 1,000 of them, and 16 passwords.
   * @throws CONFLICT beyond that; RangeError, TypeError, KDF_LIMITS
   */
  async add(unlock: NewUnlock | Unlock, signal?: AbortSignal): Promise<SlotInfo> {
    const row = await this.#row(unlock, signal);
    return this.#session.change((change) => addSlotBody(change, row));
  }

  /**
   * Puts another way in into the place of one; that by which this vault was opened by default. No
   * record is written anew: a password is changed by one row.
   * @throws NOT_FOUND, CONFLICT for a password too many, RangeError, KDF_LIMITS
   */
  async replace(
    unlock: NewUnlock | Unlock,
    id = this.#own,
    signal?: AbortSignal,
  ): Promise<SlotInfo> {
    const row = await this.#row(unlock, signal);
    const slot = await this.#session.change((change) => replaceSlotBody(change, id, row));
    if (id === this.#own) this.#own = slot.id;
    return slot;
  }

  /** @throws NOT_FOUND; CONFLICT for the last one */
  async remove(id: string): Promise<void> {
    await this.#session.change((change) => removeSlotBody(change, id));
  }

  /** The root key in a new slot. */
  async #row(wish: NewUnlock | Unlock, signal: AbortSignal | undefined): Promise<SlotRow> {
    if (this.#own === MEMORY_SLOT) {
      throw wrongArgument('type', 'a vault in memory has no ways in: it is open while it is there');
    }
    const { vaultId } = this.#session.keys;
    const slot = await newSlotOf(wish, signal);
    const root = this.#session.root.export();
    try {
      const wrapped = await wrapRoot(root, slot, { vaultId, signal });
      return { id: parseSlot(wrapped).id, slot: wrapped };
    } finally {
      wipe(root);
      if ('secret' in slot) wipe(slot.secret);
    }
  }
}

function* slotsBody(): Steps<readonly SlotInfo[]> {
  const header = yield* readHeader();
  return (header?.slots ?? []).filter(({ id }) => id !== MEMORY_SLOT).map(infoOf);
}

function* addSlotBody(change: Change, row: SlotRow): Steps<SlotInfo> {
  const info = infoOf(row);
  yield* requireRoom(info.kind);
  yield* change.putSlot(row);
  yield* change.tell({ kind: 'SlotChanged', slot: info.id, change: 'added' });
  return info;
}

/** @throws NOT_FOUND when another process has replaced or removed it meanwhile */
function* replaceSlotBody(change: Change, old: string, row: SlotRow): Steps<SlotInfo> {
  yield* requireSlot(old);
  yield* change.removeSlot(old);
  yield* requireRoom(infoOf(row).kind);
  yield* change.putSlot(row);
  yield* change.tell({ kind: 'SlotChanged', slot: old, change: 'replaced' });
  return infoOf(row);
}

/** @throws NOT_FOUND; CONFLICT for the last one: nobody could open the vault again */
function* removeSlotBody(change: Change, id: string): Steps<void> {
  const slots = yield* requireSlot(id);
  if (slots.length === 1) {
    throw new HoldfastError('CONFLICT', `slot ${id} is the last way into the vault`);
  }
  yield* change.removeSlot(id);
  yield* change.tell({ kind: 'SlotChanged', slot: id, change: 'removed' });
}

/** What is refused when the vault opens must not come into it. @throws CONFLICT */
function* requireRoom(kind: SlotKind): Steps<void> {
  const slots = yield* one<{ count: number }>('SELECT count(*) AS count FROM slots');
  if ((slots?.count ?? 0) >= SLOTS_MAX) {
    throw new HoldfastError('CONFLICT', `a vault has at most ${SLOTS_MAX} ways in`);
  }
  if (kind !== 'password') return;
  const passwords = (yield* slotsBody()).filter((slot) => slot.kind === 'password').length;
  if (passwords < PASSWORD_SLOTS_MAX) return;
  throw new HoldfastError('CONFLICT', `a vault has at most ${PASSWORD_SLOTS_MAX} passwords`);
}

function* requireSlot(id: string): Steps<readonly SlotInfo[]> {
  const slots = yield* slotsBody();
  if (slots.some((slot) => slot.id === id)) return slots;
  throw new HoldfastError('NOT_FOUND', `the vault has no slot ${id}`);
}

function infoOf({ id, slot }: SlotRow): SlotInfo {
  return { id, kind: parseSlot(slot).params.kind };
}
