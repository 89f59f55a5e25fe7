import { illegal, type Step } from '../../declare/declaration.ts';
import type { Refusal } from './refusal.ts';
import type { SubjectKey } from './subject.ts';

/**
 * All versions of one key, oldest first, each as the first letter of its state: `DDA` is a key that
 * was rotated twice. Empty where there is no key.
 */
export type Family = string;

/** What a vault must answer, and what it has then. */
export interface Move {
  readonly answer: string | number;
  readonly next: Family;
}

export function created(family: Family): Move {
  return family === '' ? { answer: 'ok', next: 'A' } : refused(family, 'CONFLICT');
}

export function rotated(family: Family, expectedVersion?: number): Move {
  if (family === '') return refused(family, 'NOT_FOUND');
  if (isOther(family, expectedVersion)) return refused(family, 'CONFLICT');
  if (!family.includes('A')) return refused(family, 'KEY_STATE');
  const next = `${family.replace('A', 'D')}A`;
  return { answer: next.length, next };
}

export function revoked(family: Family, version: number, expectedVersion?: number): Move {
  if (version > family.length) return refused(family, 'NOT_FOUND');
  if (isOther(family, expectedVersion)) return refused(family, 'CONFLICT');
  return { answer: 'ok', next: `${family.slice(0, version - 1)}R${family.slice(version)}` };
}

export function latestOf(family: Family): Move {
  if (family === '') return refused(family, 'NOT_FOUND');
  if (!family.includes('A')) return refused(family, 'KEY_STATE');
  return { answer: family.lastIndexOf('A') + 1, next: family };
}

/** Of a version; `none` where it is not there. */
export function stateOf(family: Family, version: number): Move {
  return { answer: family[version - 1] ?? 'none', next: family };
}

/** All versions of one key, in their order. */
export function familyOf(rows: readonly SubjectKey[]): Family {
  return rows.map(({ state }) => state[0]).join('');
}

/** Of an answer that nobody saw, what it leaves if it has happened. */
export function stepOf({ answer, next }: Move, given: string | number | undefined): Step<Family> {
  return given === undefined || given === answer
    ? next
    : illegal(`the answer is ${given} where it must be ${answer}`);
}

function isOther(family: Family, expectedVersion: number | undefined): boolean {
  const inUse = family.includes('A') ? family.lastIndexOf('A') + 1 : family.length;
  return expectedVersion !== undefined && expectedVersion !== inUse;
}

function refused(family: Family, answer: Refusal): Move {
  return { answer, next: family };
}
