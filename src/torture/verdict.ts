import type { Operation } from './operation.ts';

/** `unknown` is what is left when nothing is wrong but nothing was shown either. */
export type Verdict = 'ok' | 'violation' | 'unknown';

/** Something that must hold and did not, with its evidence. */
export interface Violation {
  /** Name of the invariant or expectation. */
  readonly invariant: string;
  readonly message: string;
  readonly repeat: number;
  readonly operations: readonly Operation[];
  /** How many more there were that differ in nothing but numbers. */
  readonly alike: number;
}

/** The worst of several: a violation weighs more than an unknown. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('violation')) return 'violation';
  return verdicts.includes('unknown') || verdicts.length === 0 ? 'unknown' : 'ok';
}
