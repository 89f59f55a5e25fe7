import { randomBytes } from 'node:crypto';
import { all, one, run, type Steps } from '../engine/steps.ts';
import { nextRow } from './audit/chain.ts';
import type { AuditEvent } from './audit/event.ts';
import { transcript } from './crypto/transcript.ts';
import { rowOf } from './seal/columns.ts';
import { addMember, memberOf } from './seal/membership.ts';
import {
  deriveVaultKeys,
  ROOT_BYTES,
  rootCommitment,
  VAULT_ID_BYTES,
  type VaultKeys,
} from './seal/vault-keys.ts';
import { emptyState, openState, sealState, type VaultState } from './seal/vault-state.ts';

/** What can be read of a vault without its root key. */
export interface VaultHeader {
  readonly vaultId: Uint8Array;
  /** Epoch ms. Nobody vouches for it before `isHeaderWhole`. */
  readonly createdAt: number;
  /** Known of the root key; see `rootCommitment`. */
  readonly commitment: Uint8Array;
  readonly slots: readonly SlotRow[];
}

/** A row of the table `slots`. */
export interface SlotRow {
  readonly id: string;
  readonly slot: Uint8Array;
}

/** Of a vault in memory: no way in, but the root key itself. */
export const MEMORY_SLOT = 'memory';

/** More than that nobody can make. */
export const SLOTS_MAX = 1000;

interface HeaderRow {
  readonly vault_id: Uint8Array;
  readonly created_at: number;
  readonly commitment: Uint8Array;
}

const STATE = { state: 'bytes' } as const;
const HEADER = { vault_id: 'bytes', created_at: 'count', commitment: 'bytes' } as const;
const SLOT = { id: 'text', slot: 'bytes' } as const;

/** @throws TAMPERED */
export function* readState(keys: VaultKeys): Steps<VaultState> {
  const row = yield* one<{ state: Uint8Array }>('SELECT state FROM vault WHERE only = 1');
  const { state } = rowOf(row ?? { state: NONE }, STATE, 'the state of the vault');
  return openState(keys, state);
}

const NONE = new Uint8Array(0);

/** Undefined where no vault has been made yet. */
export function* readHeader(): Steps<VaultHeader | undefined> {
  const row = yield* one<HeaderRow>(
    'SELECT vault_id, created_at, commitment FROM vault WHERE only = 1',
  );
  if (row === undefined) return undefined;
  rowOf(row, HEADER, 'the vault');
  const slots = yield* all<SlotRow>('SELECT id, slot FROM slots ORDER BY id LIMIT ?', SLOTS_MAX);
  for (const slot of slots) rowOf(slot, SLOT, 'a key slot');
  const { vault_id: vaultId, created_at: createdAt, commitment } = row;
  return { vaultId, createdAt, commitment, slots };
}

/** A vault to be. */
export interface NewVault {
  readonly vaultId: Uint8Array;
  /** The caller's to wipe. */
  readonly root: Uint8Array;
}

export function newVault(): NewVault {
  return { vaultId: randomBytes(VAULT_ID_BYTES), root: randomBytes(ROOT_BYTES) };
}

/** What a slot adds to the sum of all slots. */
export function slotMember({ members }: VaultKeys, { id, slot }: SlotRow): bigint {
  return memberOf(members, transcript('slot', id, slot));
}

/** When the vault was made is part of the sum of all slots, too. */
function firstMember({ members }: VaultKeys, createdAt: number): bigint {
  return memberOf(members, transcript('vault', createdAt));
}

/** Whether this is the header that the state of the vault speaks of. */
export function isHeaderWhole(
  keys: VaultKeys,
  { createdAt, slots }: VaultHeader,
  sum: bigint,
): boolean {
  const first = firstMember(keys, createdAt);
  return slots.reduce((all, one) => addMember(all, slotMember(keys, one)), first) === sum;
}

/** Makes the vault unless another process has: of any number at once, one does. */
export function* createVault(
  { vaultId, root }: NewVault,
  slot: SlotRow & { readonly kind: string },
  at: number,
): Steps<VaultHeader> {
  const found = yield* readHeader();
  if (found) return found;
  const keys = deriveVaultKeys(root, vaultId);
  const event: AuditEvent = { kind: 'VaultCreated', slot: slot.kind };
  const row = nextRow(keys.audit, emptyState.audit, at, event);
  const { sequence, mac } = row;
  const slots = addMember(firstMember(keys, at), slotMember(keys, slot));
  const audit = { ...emptyState.audit, sequence, mac };
  const state = { ...emptyState, revision: 1, at, audit, slots };
  yield* run(
    'INSERT INTO vault (only, vault_id, created_at, commitment, state) VALUES (1, ?, ?, ?, ?)',
    ...[vaultId, at, rootCommitment(root, vaultId), sealState(keys, state)],
  );
  yield* run('INSERT INTO slots (id, slot) VALUES (?, ?)', slot.id, slot.slot);
  yield* run(
    'INSERT INTO audit (sequence, at, event, detail, mac) VALUES (?, ?, ?, ?, ?)',
    ...[sequence, at, row.event, row.detail, mac],
  );
  return (yield* readHeader()) as VaultHeader;
}
