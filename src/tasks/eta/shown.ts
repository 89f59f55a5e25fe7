/** What is shown may grow by so much of itself a second. */
const GROWTH_PER_SECOND = 0.1;

/** Growth is measured against no less than this, or what is shown as 0 could never grow. */
const BASE_MIN_MS = 10_000;

/** Remaining times as people see them: they fall at once and rise by a tenth a second at most. */
export class ShownRemaining {
  readonly #shown = new Map<number, { remainingMs: number; atMs: number }>();

  /** What to show of a task now; times are of a clock that does not jump. */
  show(task: number, remainingMs: number | null, nowMs: number): number | null {
    if (remainingMs === null) {
      this.#shown.delete(task);
      return null;
    }
    const former = this.#shown.get(task);
    const shownMs = former ? Math.min(remainingMs, mostOf(former, nowMs)) : remainingMs;
    this.#shown.set(task, { remainingMs: shownMs, atMs: nowMs });
    return shownMs;
  }

  /** Forgets a task that is shown no more. */
  forget(task: number): void {
    this.#shown.delete(task);
  }
}

function mostOf(former: { remainingMs: number; atMs: number }, nowMs: number): number {
  const seconds = Math.max(0, nowMs - former.atMs) / 1000;
  const base = Math.max(former.remainingMs, BASE_MIN_MS);
  return former.remainingMs + base * GROWTH_PER_SECOND * seconds;
}
