import { monotonicMs } from './clock.ts';
import type { Steps } from './steps.ts';

/** A write that was asked for: its body, how long it may wait, and what became of it. */
export class Job {
  readonly body: () => Steps<unknown>;
  readonly budgetMs: number;
  /** On the clock of `monotonicMs()`. */
  readonly deadline: number;
  /** Undoes what was attached to the outside when the job was queued. */
  detach: (() => void) | undefined;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #state: 'waiting' | 'succeeded' | 'failed' = 'waiting';
  #result: unknown;

  constructor(
    body: () => Steps<unknown>,
    budgetMs: number,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.body = body;
    this.budgetMs = budgetMs;
    this.deadline = monotonicMs() + budgetMs;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** A waiting job did not get its turn, or is to be run again. */
  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  get hasFailed(): boolean {
    return this.#state === 'failed';
  }

  succeed(value: unknown): void {
    this.#state = 'succeeded';
    this.#result = value;
  }

  fail(error: unknown): void {
    this.#state = 'failed';
    this.#result = error;
  }

  /** Its transaction came to nothing: it waits again. */
  retry(): void {
    this.#state = 'waiting';
    this.#result = undefined;
  }

  /** Tells who asked. */
  settle(): void {
    this.detach?.();
    if (this.#state === 'failed') this.#reject(this.#result);
    else this.#resolve(this.#result);
  }
}
