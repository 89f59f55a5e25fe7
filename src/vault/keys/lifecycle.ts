import { randomBytes } from 'node:crypto';
import type { Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import type { CleanupOptions, CreateOptions, KeyUpdate } from '../calls.ts';
import { wipe } from '../hygiene/wipe.ts';
import { KEY_BYTES } from './algorithm.ts';
import { type KeyId, newKeyId } from './key-id.ts';
import { type KeyEntry, type KeyInfo, NO_NANOS } from './key-record.ts';
import { type KeyState, mayBecome, mayMake } from './key-state.ts';
import type { Change } from './ledger.ts';
import { assertValidity, wrongState } from './require.ts';

/** A new key at its first version. @throws CONFLICT when there is one of that id */
export function* createBody(
  change: Change,
  options: CreateOptions & { readonly id?: KeyId | undefined },
): Steps<KeyInfo> {
  const { id = newKeyId(), algorithm = 'XChaCha20Poly1305', label } = options;
  const { encryptUntil, decryptUntil } = options;
  if (change.book.entry(id)) {
    throw new HoldfastError('CONFLICT', `there is a key ${id} already`);
  }
  const material = options.material ? Buffer.from(options.material) : randomBytes(KEY_BYTES);
  try {
    const said = { algorithm, label, encryptUntil, decryptUntil, nanos: NO_NANOS };
    const first = { id, baseId: id, version: 1, state: 'Active', createdAt: change.at } as const;
    const { info } = yield* change.put({ ...first, ...said }, material);
    yield* change.tell({ kind: 'KeyCreated', keyId: id, algorithm, version: 1 });
    return info;
  } finally {
    wipe(material);
  }
}

/** To the state it is in already nothing leads, and nothing is written. @throws KEY_STATE */
export function* stateBody(change: Change, entry: KeyEntry, state: KeyState): Steps<KeyInfo> {
  const { id: keyId, state: oldState } = entry.info;
  if (oldState === state) return entry.info;
  if (!mayBecome(oldState, state)) throw wrongState(keyId, oldState, `become ${state}`);
  const { info } = yield* change.update(entry, { state });
  yield* change.tell({ kind: 'KeyStateChanged', keyId, oldState, newState: state });
  return info;
}

/** Says something anew of a key. @throws RangeError, KEY_STATE for one that is revoked */
export function* updateBody(change: Change, entry: KeyEntry, update: KeyUpdate): Steps<KeyInfo> {
  const { id: keyId, state } = entry.info;
  if (state === 'Revoked') throw wrongState(keyId, state, 'be changed');
  const { label, encryptUntil, decryptUntil } = { ...entry.info, ...update };
  assertValidity({ encryptUntil, decryptUntil });
  const fields = Object.keys(update).filter((name) => name in entry.info);
  if (fields.length === 0) return entry.info;
  // A time that is said anew has no nanoseconds.
  const isTimed = 'encryptUntil' in update || 'decryptUntil' in update;
  const nanos = isTimed ? { ...entry.info.nanos, until: 0 } : entry.info.nanos;
  const { info } = yield* change.update(entry, { label, encryptUntil, decryptUntil, nanos });
  yield* change.tell({ kind: 'KeyUpdated', keyId, fields });
  return info;
}

/**
 * Removes a version with its material. The newest one only goes last: its number, and with it its id,
 * would be given again.
 * @throws KEY_STATE for one that is in use
 */
export function* deleteBody(change: Change, entry: KeyEntry): Steps<void> {
  const { id: keyId, baseId, state, version } = entry.info;
  if (mayMake(state)) throw wrongState(keyId, state, 'be deleted: revoke it first');
  const family = change.book.family(baseId);
  if (family.length > 1 && family.at(-1) === entry && state !== 'Pending') {
    throw wrongState(keyId, 'the newest version', 'be deleted before the others');
  }
  yield* change.remove(entry);
  yield* change.tell({ kind: 'KeyDeleted', keyId, version });
}

/**
 * Removes old versions that are Deprecated or Revoked, and answers them, newest first. No version in
 * use or to be used is ever removed, nor the newest of all.
 */
export function* cleanupBody(
  change: Change,
  family: readonly KeyEntry[],
  { keep, olderThanMs = 0, dryRun = false }: CleanupOptions,
): Steps<readonly KeyId[]> {
  const old = family
    .toReversed()
    .slice(Math.max(1, keep))
    .filter(({ info }) => isEnded(info.state) && change.at - info.createdAt >= olderThanMs);
  if (!dryRun) for (const entry of old) yield* deleteBody(change, entry);
  return old.map(({ info }) => info.id);
}

function isEnded(state: KeyState): boolean {
  return state === 'Deprecated' || state === 'Revoked';
}
