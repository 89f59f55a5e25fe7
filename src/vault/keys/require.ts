import { HoldfastError, wrongArgument } from '../../errors.ts';
import type { Validity } from '../calls.ts';
import type { Book } from './book.ts';
import type { KeyId } from './key-id.ts';
import type { KeyEntry } from './key-record.ts';
import { mayMake, mayRead } from './key-state.ts';

export const LABEL_MAX = 200;

/** @throws NOT_FOUND */
export function requireKey(book: Book, id: KeyId): KeyEntry {
  const entry = book.entry(id);
  if (entry === undefined) throw new HoldfastError('NOT_FOUND', `there is no key ${id}`);
  return entry;
}

/** All versions of a key, by the id of any of them. @throws NOT_FOUND */
export function requireFamily(book: Book, id: KeyId): readonly KeyEntry[] {
  const family = book.family(id);
  return family.length > 0 ? family : book.family(requireKey(book, id).info.baseId);
}

/** The newest version in use, if there is one. */
export function latestOf(family: readonly KeyEntry[]): KeyEntry | undefined {
  return family.findLast(({ info }) => mayMake(info.state));
}

/** @throws KEY_STATE when no version is in use */
export function requireLatest(family: readonly KeyEntry[], id: KeyId): KeyEntry {
  const latest = latestOf(family);
  if (latest) return latest;
  const states = [...new Set(family.map(({ info }) => info.state))].join(', ');
  throw new HoldfastError('KEY_STATE', `key ${id} has no version in use, only ${states}`);
}

/** @throws CONFLICT */
export function expectVersion(family: readonly KeyEntry[], expected: number | undefined): void {
  if (expected === undefined) return;
  const latest = latestOf(family)?.info ?? family.at(-1)?.info;
  if (latest?.version === expected) return;
  throw new HoldfastError(
    'CONFLICT',
    `key ${latest?.baseId} was expected at version ${expected} and is at ${latest?.version}`,
  );
}

/** @throws KEY_STATE, KEY_EXPIRED */
export function requireMaking({ info }: KeyEntry, what: string, now: number): void {
  if (!mayMake(info.state)) throw wrongState(info.id, info.state, what);
  if (info.encryptUntil === undefined || now <= info.encryptUntil) return;
  throw expired(info.id, what, info.encryptUntil);
}

/** @throws KEY_STATE, KEY_EXPIRED */
export function requireReading({ info }: KeyEntry, what: string, now: number): void {
  if (!mayRead(info.state)) throw wrongState(info.id, info.state, what);
  if (info.decryptUntil === undefined || now <= info.decryptUntil) return;
  throw expired(info.id, what, info.decryptUntil);
}

/** @throws RangeError */
export function assertValidity({ encryptUntil, decryptUntil }: Validity): void {
  for (const [name, at] of Object.entries({ encryptUntil, decryptUntil })) {
    if (at === undefined || (Number.isSafeInteger(at) && at >= 0)) continue;
    throw wrongArgument('range', `${name} is in epoch ms, a whole number from 0, not ${at}`);
  }
  if (decryptUntil !== undefined && (encryptUntil ?? 0) > decryptUntil) {
    throw wrongArgument('range', 'decryptUntil must not be before encryptUntil');
  }
}

/** @throws RangeError, TypeError */
export function assertLabel(label: string | undefined): void {
  if (label === undefined) return;
  if (typeof label !== 'string') throw wrongArgument('type', 'a label must be text');
  if (label.length > 0 && label.length <= LABEL_MAX && label.isWellFormed()) return;
  throw wrongArgument('range', `a label has 1 to ${LABEL_MAX} characters of well-formed text`);
}

export function wrongState(id: KeyId, state: string, what: string): HoldfastError {
  return new HoldfastError('KEY_STATE', `key ${id} is ${state} and cannot ${what}`);
}

function expired(id: KeyId, what: string, at: number): HoldfastError {
  const until = new Date(at).toISOString();
  return new HoldfastError('KEY_EXPIRED', `key ${id} could ${what} until ${until}`);
}
