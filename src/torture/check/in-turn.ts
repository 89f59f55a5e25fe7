/** What is found out about one part of a history. */
interface Finding {
  /** `exhausted`: a longer look may tell. */
  readonly kind: 'legal' | 'illegal' | 'exhausted' | 'uncertain';
}

/** How long to look, in ms. */
export interface Patience {
  /** At all parts together. */
  readonly limitMs: number;
  /** At each before the others had their turn: a fault elsewhere may be found at once. */
  readonly firstLookMs: number;
}

/** A part of a history and what is known of it. */
interface Judged<P, F> {
  readonly part: P;
  readonly found: F;
}

/**
 * Judges parts of a history one after the other, the smallest first, and answers the first that is
 * illegal. What is exhausted at the first look has a share of the rest of the time when all had
 * theirs. Without any that is illegal it answers the first that stayed open; undefined when all are
 * legal. `judge` is given a deadline on the clock of `performance.now()`.
 */
export function judgeInTurn<P, F extends Finding>(
  parts: readonly P[],
  judge: (part: P, deadline: number) => F,
  { limitMs, firstLookMs }: Patience,
): Judged<P, F> | undefined {
  const deadline = performance.now() + limitMs;
  const again: P[] = [];
  const open: Judged<P, F>[] = [];
  for (const part of parts) {
    const found = judge(part, Math.min(deadline, performance.now() + firstLookMs));
    if (found.kind === 'illegal') return { part, found };
    if (found.kind === 'exhausted') again.push(part);
    else if (found.kind === 'uncertain') open.push({ part, found });
  }
  for (const [index, part] of again.entries()) {
    const now = performance.now();
    const found = judge(part, now + Math.max(0, deadline - now) / (again.length - index));
    if (found.kind === 'illegal') return { part, found };
    if (found.kind !== 'legal') open.push({ part, found });
  }
  return open[0];
}
