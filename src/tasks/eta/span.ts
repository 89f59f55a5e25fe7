/** Progress in a stretch of time. */
export interface Span {
  readonly amount: number;
  readonly ms: number;
}

export const NO_SPAN: Span = { amount: 0, ms: 0 };

export function scaled({ amount, ms }: Span, factor: number): Span {
  return { amount: amount * factor, ms: ms * factor };
}

export function sumOf(a: Span, b: Span): Span {
  return { amount: a.amount + b.amount, ms: a.ms + b.ms };
}
