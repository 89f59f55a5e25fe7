import type { Violation } from '../judge/verdict.ts';

/**
 * The sooner somebody understands it, the earlier it stands: what was made small first; then by
 * the number of operations, but one alone shows what was lost, and two show by whom.
 */
export function clearestFirst(violations: readonly Violation[]): readonly Violation[] {
  return violations.toSorted((a, b) => effort(a) - effort(b));
}

function effort({ counterexample, operations }: Violation): number {
  if (counterexample !== undefined) return counterexample.operations.length - 1e6;
  return operations.length === 1 ? 2.5 : operations.length;
}
