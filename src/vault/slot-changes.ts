import type { KeyObject } from 'node:crypto';
import type { Steps } from '../engine/steps.ts';
import { HoldfastError } from '../errors.ts';
import { wipe } from './hygiene/wipe.ts';
import type { Change } from './keys/ledger.ts';
import { parseSlot, type SlotKind } from './slots/slot.ts';
import { wrapRoot } from './slots/slots.ts';
import { type NewUnlock, newSlotOf } from './unlock.ts';
import { readHeader, type SlotRow } from './vault-file.ts';

/** One way into a vault. */
export interface SlotInfo {
  readonly id: string;
  readonly kind: SlotKind;
}

/** The root key in a new slot. @throws what making it throws */
export async function newSlotRow(
  root: KeyObject,
  wish: NewUnlock,
  { vaultId, signal }: { readonly vaultId: Uint8Array; readonly signal?: AbortSignal | undefined },
): Promise<SlotRow> {
  const slot = await newSlotOf(wish, signal);
  const bytes = root.export();
  try {
    const wrapped = await wrapRoot(bytes, slot, { vaultId, signal });
    return { id: parseSlot(wrapped).id, slot: wrapped };
  } finally {
    wipe(bytes);
    if ('secret' in slot) wipe(slot.secret);
  }
}

export function* slotsBody(): Steps<readonly SlotInfo[]> {
  const header = yield* readHeader();
  return (header?.slots ?? []).map(infoOf);
}

export function* addSlotBody(change: Change, row: SlotRow): Steps<SlotInfo> {
  const info = infoOf(row);
  yield* change.putSlot(row);
  yield* change.tell({ kind: 'SlotChanged', slot: info.id, change: 'added' });
  return info;
}

/** @throws NOT_FOUND when another process has replaced or removed it meanwhile */
export function* replaceSlotBody(change: Change, old: string, row: SlotRow): Steps<SlotInfo> {
  yield* requireSlot(old);
  yield* change.removeSlot(old);
  yield* change.putSlot(row);
  yield* change.tell({ kind: 'SlotChanged', slot: old, change: 'replaced' });
  return infoOf(row);
}

/** @throws NOT_FOUND; CONFLICT for the last one: nobody could open the vault again */
export function* removeSlotBody(change: Change, id: string): Steps<void> {
  const slots = yield* requireSlot(id);
  if (slots.length === 1) {
    throw new HoldfastError('CONFLICT', `slot ${id} is the last way into the vault`);
  }
  yield* change.removeSlot(id);
  yield* change.tell({ kind: 'SlotChanged', slot: id, change: 'removed' });
}

function* requireSlot(id: string): Steps<readonly SlotInfo[]> {
  const slots = yield* slotsBody();
  if (slots.some((slot) => slot.id === id)) return slots;
  throw new HoldfastError('NOT_FOUND', `the vault has no slot ${id}`);
}

function infoOf({ id, slot }: SlotRow): SlotInfo {
  return { id, kind: parseSlot(slot).params.kind };
}
