import type { Steps } from '../../engine/steps.ts';
import type { Slot } from './slots.ts';

/** What carries the progress of this process to the file. */
export interface Pulse {
  claim(): Slot;
  release(slot: Slot): void;
  track(task: number, jobId: number, slots: readonly Slot[], progress: number): void;
  addSlot(task: number, slot: Slot): void;
  untrack(task: number): void;
  message(task: number, text: string | null): void;
}

/** A store that is written. */
export interface Recording {
  readonly pulse: Pulse;
  /** One transaction, at the time that it is given. */
  write<T>(body: (at: number) => Steps<T>): Promise<T>;
}
