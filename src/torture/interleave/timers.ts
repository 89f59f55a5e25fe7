export interface Timer {
  readonly id: number;
  readonly client: number;
  readonly dueMs: number;
  readonly label: string;
  /** Those of one process fire in the order in which they are due, its immediates among themselves. */
  readonly isImmediate: boolean;
  fire(): void;
}

/** Timers that are not due yet. */
export class Timers {
  #timers: Timer[] = [];
  #next = 1;

  get isEmpty(): boolean {
    return this.#timers.length === 0;
  }

  get all(): readonly Timer[] {
    return this.#timers;
  }

  /** When the first is due. */
  get firstMs(): number {
    return Math.min(...this.#timers.map(({ dueMs }) => dueMs));
  }

  /** Answers its number. */
  add(timer: Omit<Timer, 'id'>): number {
    const id = this.#next++;
    this.#timers.push({ id, ...timer });
    return id;
  }

  remove(isGone: (timer: Timer) => boolean): void {
    this.#timers = this.#timers.filter((timer) => !isGone(timer));
  }

  /** Takes out what is due, in that order. */
  takeDue(nowMs: number): readonly Timer[] {
    const due = this.#timers.filter(({ dueMs }) => dueMs <= nowMs);
    if (due.length === 0) return due;
    this.#timers = this.#timers.filter(({ dueMs }) => dueMs > nowMs);
    return due.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
  }
}
