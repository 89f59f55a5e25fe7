import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Durability, Engine } from '../engine/engine.ts';
import { openSqlite } from '../engine/sqlite.ts';
import type { Steps } from '../engine/steps.ts';
import { HoldfastError, wrongArgument } from '../errors.ts';
import { noteAttempt } from './attempts.ts';
import type { AuditPolicy } from './audit/use-log.ts';
import { ephemeralLock } from './ephemeral.ts';
import { wipe } from './hygiene/wipe.ts';
import { vaultFile } from './place.ts';
import { vaultSchema } from './schema.ts';
import { deriveVaultKeys, type VaultKeys } from './seal/vault-keys.ts';
import { parseSlot } from './slots/slot.ts';
import { unwrapRoot, wrapRoot } from './slots/slots.ts';
import { credentialOf, type NewUnlock, newSlotOf, type Unlock } from './unlock.ts';
import {
  createVault,
  isHeaderWhole,
  MEMORY_SLOT,
  type NewVault,
  newVault,
  readHeader,
  readState,
  type SlotRow,
  type VaultHeader,
} from './vault-file.ts';

interface SharedOptions {
  /** Default 5,000. */
  readonly lockTimeoutMs?: number | undefined;
  /** Epoch ms; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Which uses of keys are logged beside every change. Default `changes`: none. */
  readonly audit?: AuditPolicy | undefined;
}

/** A vault in the memory of this process, for all of its threads; gone when the last one closes it. */
export interface EphemeralOptions extends SharedOptions {
  readonly ephemeral: true;
  /** Which one, where a process has several: 1 to 64 of `A-Z a-z 0-9 _ -`. */
  readonly name?: string | undefined;
}

/** A vault in a file, for all processes that can open it. */
export interface FileOptions extends SharedOptions {
  readonly ephemeral?: false | undefined;
  /** Data directory; `$HOLDFAST_DIR` or `~/.holdfast` by default. */
  readonly dir?: string | undefined;
  /** What opens it; a new vault is made with it as its first way in. */
  readonly unlock: Unlock | NewUnlock;
  /** Default true; false refuses a directory without a vault. */
  readonly create?: boolean | undefined;
  /** Default `power`. */
  readonly durability?: Durability | undefined;
}

export type VaultOptions = EphemeralOptions | FileOptions;

/** An open vault's file and keys. */
export interface OpenVault {
  readonly engine: Engine;
  readonly keys: VaultKeys;
  readonly root: KeyObject;
  /** The slot that has opened it. */
  readonly slotId: string;
}

/** @throws UNLOCK_FAILED, TAMPERED, KDF_LIMITS, STORE_MISSING, and what an engine throws */
export async function openVault(options: VaultOptions): Promise<OpenVault> {
  const { lockTimeoutMs, signal, now = Date.now } = options;
  const shared = { schema: vaultSchema, lockTimeoutMs, signal };
  if (options.ephemeral) {
    const file = ephemeralLock(options.name ?? 'default');
    const engine = await openSqlite({ ...shared, file, inMemory: true, durability: 'process' });
    return orClose(engine, () => openMemory(engine, now));
  }
  const { durability, create } = options;
  const file = vaultFile(options.dir);
  const engine = await openSqlite({ ...shared, file, durability, create });
  return orClose(engine, () => openFile(engine, options));
}

async function orClose<T>(engine: Engine, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Whoever can read this memory has the vault: its root key lies in it as it is. */
async function openMemory(engine: Engine, now: () => number): Promise<OpenVault> {
  const fresh = newVault();
  let root = fresh.root;
  try {
    const slot = { id: MEMORY_SLOT, slot: root, kind: MEMORY_SLOT };
    const header = await engine.write(() => createVault(fresh, slot, now()));
    root = header.slots[0]?.slot ?? root;
    return await opened(engine, header, root, MEMORY_SLOT);
  } finally {
    wipe(fresh.root, root);
  }
}

async function openFile(engine: Engine, options: FileOptions): Promise<OpenVault> {
  const { create = true, unlock } = options;
  const found = await engine.read(readHeader);
  if (found) return await unlocked(engine, found, options);
  if (!create) throw new HoldfastError('STORE_MISSING', 'there is no vault in that directory');
  const fresh = newVault();
  try {
    const slot = await firstSlot(fresh, unlock, options.signal);
    const at = (options.now ?? Date.now)();
    const header = await engine.write(() => createVault(fresh, slot, at));
    const isOurs = Buffer.compare(header.vaultId, fresh.vaultId) === 0;
    if (isOurs) return await opened(engine, header, fresh.root, slot.id);
    // Another process was faster. What we were given must open what it has made.
    return await unlocked(engine, header, options);
  } finally {
    wipe(fresh.root);
  }
}

async function firstSlot(
  { root, vaultId }: NewVault,
  unlock: Unlock | NewUnlock,
  signal: AbortSignal | undefined,
): Promise<SlotRow & { readonly kind: string }> {
  const wish = await newSlotOf(unlock, signal);
  try {
    const slot = await wrapRoot(root, wish, { vaultId, signal });
    return { id: parseSlot(slot).id, slot, kind: wish.kind };
  } finally {
    if ('secret' in wish) wipe(wish.secret);
  }
}

async function unlocked(
  engine: Engine,
  header: VaultHeader,
  { unlock, signal, now = Date.now }: FileOptions,
): Promise<OpenVault> {
  if ('publicKey' in unlock) {
    throw wrongArgument('type', 'a vault opens with a private key, not with a public one');
  }
  const { vaultId, commitment, slots } = header;
  const credential = await credentialOf(unlock, signal);
  try {
    const stored = slots.map(({ slot }) => slot);
    const { root, slotId } = await unwrapRoot(stored, [credential], {
      ...{ vaultId, commitment, signal },
    });
    try {
      return await opened(engine, header, root, slotId);
    } finally {
      wipe(root);
    }
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'UNLOCK_FAILED') {
      await engine.write(() => noteAttempt(now()));
    }
    throw error;
  } finally {
    wipe(credential.secret);
  }
}

async function opened(
  engine: Engine,
  { vaultId }: VaultHeader,
  root: Uint8Array,
  slotId: string,
): Promise<OpenVault> {
  const open = {
    engine,
    keys: deriveVaultKeys(root, vaultId),
    root: createSecretKey(root),
    slotId,
  };
  await engine.read(() => requireHeader(open.keys));
  return open;
}

/** @throws TAMPERED when a way in was added, put back or taken out */
function* requireHeader(keys: VaultKeys): Steps<void> {
  const state = yield* readState(keys);
  const header = yield* readHeader();
  if (header && isHeaderWhole(keys, header, state.slots)) return;
  throw new HoldfastError('TAMPERED', 'the header of the vault is not as it was written');
}
