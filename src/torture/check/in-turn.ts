/** What is found out about one part of a history. */
interface Finding {
  readonly kind: string;
}

/** How long to look, in ms. */
export interface Patience {
  /** At all parts together. */
  readonly limitMs: number;
  /** At each before the others had their turn: a fault elsewhere may be found at once. */
  readonly firstLookMs: number;
}

/**
 * Judges parts of a history one after the other and answers the first that is found wrong. What is
 * `exhausted` at the first look has a share of the rest of the time when all had theirs, and is the
 * answer if no other is wrong. Undefined: all are `legal`. `judge` is given a deadline on the clock
 * of `performance.now()`; parts come the smallest first.
 */
export function judgeInTurn<P, F extends Finding>(
  parts: readonly P[],
  judge: (part: P, deadline: number) => F,
  { limitMs, firstLookMs }: Patience,
): { readonly part: P; readonly found: F } | undefined {
  const deadline = performance.now() + limitMs;
  const open: P[] = [];
  for (const part of parts) {
    const found = judge(part, Math.min(deadline, performance.now() + firstLookMs));
    if (found.kind === 'exhausted') open.push(part);
    else if (found.kind !== 'legal') return { part, found };
  }
  let first: { part: P; found: F } | undefined;
  for (const [index, part] of open.entries()) {
    const now = performance.now();
    const found = judge(part, now + Math.max(0, deadline - now) / (open.length - index));
    if (found.kind === 'exhausted') first ??= { part, found };
    else if (found.kind !== 'legal') return { part, found };
  }
  return first;
}
