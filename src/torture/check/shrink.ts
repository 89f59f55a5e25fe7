import type { Call } from './call.ts';

export interface ShrinkRules {
  /** Whether these calls cannot be; false too when that is not found out in time. */
  readonly isIllegal: (calls: readonly Call[]) => boolean;
  /** Calls that may be left out together without making a legal history illegal. */
  readonly removable: (calls: readonly Call[]) => readonly (readonly Call[])[];
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
}

/**
 * Leaves out of an illegal history what it is illegal without: first in halves, then in ever smaller
 * parts, until nothing more can go. Only calls whose absence cannot be the reason are left out, so
 * that what remains shows the fault of the whole.
 */
export function shrink(calls: readonly Call[], rules: ShrinkRules): readonly Call[] {
  let left = calls;
  for (let goesOn = true; goesOn; ) {
    const before = left.length;
    const groups = rules.removable(left);
    for (let size = groups.length; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < groups.length; at += size) {
        if (performance.now() > rules.deadline) return left;
        const gone = new Set(groups.slice(at, at + size).flat());
        const fewer = left.filter((call) => !gone.has(call));
        if (fewer.length === left.length || !rules.isIllegal(fewer)) continue;
        left = fewer;
      }
    }
    goesOn = left.length < before;
  }
  return left;
}

/** What had begun by `end`; what had not ended by then stays under way. */
export function prefix(calls: readonly Call[], end: number): readonly Call[] {
  return calls
    .filter((call) => call.begin <= end)
    .map((call) =>
      call.end <= end
        ? call
        : { ...call, output: undefined, outcome: 'info' as const, end: Number.POSITIVE_INFINITY },
    );
}
