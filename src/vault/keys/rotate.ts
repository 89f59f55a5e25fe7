import { randomBytes } from 'node:crypto';
import type { Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import type { Rotated, RotateOptions, Validity } from '../calls.ts';
import { wipe } from '../hygiene/wipe.ts';
import { KEY_BYTES } from './algorithm.ts';
import { type KeyId, VERSION_MAX, versionId } from './key-id.ts';
import { type KeyEntry, type KeyInfo, NO_NANOS } from './key-record.ts';
import { mayBecome } from './key-state.ts';
import type { Change } from './ledger.ts';
import {
  assertValidity,
  expectVersion,
  requireFamily,
  requireLatest,
  wrongState,
} from './require.ts';

/**
 * Gives a key a new version with new material. The one that was in use is Deprecated: it decrypts
 * what it has encrypted. All versions stay as they are otherwise.
 * @throws NOT_FOUND, KEY_STATE, CONFLICT, RangeError
 */
export function* rotateBody(change: Change, id: KeyId, options: RotateOptions): Steps<KeyInfo> {
  const family = requireFamily(change.book, id);
  expectVersion(family, options.expectedVersion);
  const latest = requireLatest(family, id);
  const version = (family.at(-1)?.info.version ?? 0) + 1;
  if (version > VERSION_MAX) {
    throw new HoldfastError('KEY_STATE', `key ${id} has all ${VERSION_MAX} versions it can have`);
  }
  const { baseId, algorithm, label } = latest.info;
  const validity = validityOf(latest.info, change.at, options);
  if (!options.stage) yield* deprecateAll(change, baseId, latest);
  const state = options.stage ? 'Pending' : 'Active';
  const material = randomBytes(KEY_BYTES);
  try {
    const { info } = yield* change.put(
      {
        ...{ id: versionId(baseId, version), baseId, version, algorithm, label },
        state,
        createdAt: change.at,
        ...validity,
        nanos: NO_NANOS,
      },
      material,
    );
    const oldVersion = latest.info.version;
    yield* change.tell({
      ...{ kind: 'KeyRotated', baseId, oldVersion, newVersion: version, newState: state },
    });
    return info;
  } finally {
    wipe(material);
  }
}

/**
 * Rotates a key whose newest version in use was made before `since`. Of any number of processes that
 * find it so, one rotates and the others are given what it made.
 */
export function* rotateIfOlderBody(
  change: Change,
  id: KeyId,
  { ageMs, ...options }: RotateOptions & { readonly ageMs: number },
): Steps<Rotated> {
  const { info } = requireLatest(requireFamily(change.book, id), id);
  if (change.at - info.createdAt <= ageMs) return { key: info, rotated: false };
  return { key: yield* rotateBody(change, id, options), rotated: true };
}

/** Takes a staged version into use, in the place of the one before. @throws KEY_STATE */
export function* promoteBody(change: Change, entry: KeyEntry): Steps<KeyInfo> {
  const { id, state, baseId } = entry.info;
  if (!mayBecome(state, 'Active')) throw wrongState(id, state, 'be promoted');
  yield* deprecateAll(change, baseId);
  const { info } = yield* change.update(entry, { state: 'Active' });
  yield* change.tell({ kind: 'KeyStateChanged', keyId: id, oldState: state, newState: 'Active' });
  return info;
}

/** Of `told` it is the event of what takes its place that says so. */
function* deprecateAll(change: Change, baseId: KeyId, told?: KeyEntry): Steps<void> {
  for (const entry of [...change.book.inUse(baseId)]) {
    const { id: keyId, state: oldState } = entry.info;
    yield* change.update(entry, { state: 'Deprecated' });
    if (entry === told) continue;
    yield* change.tell({ kind: 'KeyStateChanged', keyId, oldState, newState: 'Deprecated' });
  }
}

/**
 * What is said, or else as long from now as the version before had when it was made.
 * @throws RangeError when one is said that does not go with the other
 */
function validityOf(latest: KeyInfo, at: number, said: Validity): Required<Validity> {
  // A limit may be as late as a number goes, and before the version was made where it came from
  // elsewhere: what is added must stay a time that a row can hold.
  const lasting = (until: number | undefined) =>
    until === undefined
      ? undefined
      : Math.min(at + Math.max(0, until - latest.createdAt), Number.MAX_SAFE_INTEGER);
  const validity = {
    encryptUntil: said.encryptUntil ?? lasting(latest.encryptUntil),
    decryptUntil: said.decryptUntil ?? lasting(latest.decryptUntil),
  };
  assertValidity(validity);
  return validity;
}
