import type { Operation } from '../declare/operation.ts';

/** `unknown` is what is left when nothing is wrong but nothing was shown either. */
export type Verdict = 'ok' | 'violation' | 'unknown';

/** Something that must hold and did not, with its evidence. */
export interface Violation {
  /** Name of the invariant or expectation. */
  readonly invariant: string;
  readonly message: string;
  readonly repeat: number;
  readonly operations: readonly Operation[];
  readonly counterexample?: Counterexample | undefined;
  /** How many more there were that differ in nothing but numbers. */
  readonly alike: number;
}

/** A part of a history that cannot be, made as small as could be found. */
export interface Counterexample {
  /** Operations that cannot all have been as they were seen, in order of their beginning. */
  readonly operations: readonly Operation[];
  /** How many more there were: any of them may or may not have happened, and it would not help. */
  readonly others: number;
  /** Which cannot be, and why. */
  readonly sentence: string;
  /** The order that explains most of them, as places in `operations`. */
  readonly order: readonly number[];
  /** The schedule, where the rig made it: scheduling points in turn. Times are of these, too. */
  readonly schedule?: readonly string[] | undefined;
  /** A test file that shows the fault again. */
  readonly test?: string | undefined;
  /** What `holdfast torture replay` takes. */
  readonly token?: string | undefined;
}

/** What stands for one scheduling point where the rig made the schedule. */
export const STEP_NS = 1000;

/** The worst of several: a violation weighs more than an unknown. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('violation')) return 'violation';
  return verdicts.includes('unknown') || verdicts.length === 0 ? 'unknown' : 'ok';
}
