import { AMOUNT_MAX, type TaskShare } from './slots.ts';

/** Counts for a task of another thread. */
export interface SharedCounter {
  /** Counts `amount` more as done, 0 or more; anything else counts for nothing. */
  advance(amount?: number): void;
}

/** The counter of a share, in the thread that was given it. */
export function attach({ buffer, index }: TaskShare): SharedCounter {
  const values = new Float64Array(buffer);
  return {
    advance(amount = 1) {
      if (amount >= 0 && amount <= AMOUNT_MAX) {
        values[index] = (values[index] ?? 0) + amount;
      }
    },
  };
}
