import { Persistence } from './persistence.ts';
import { NO_SPAN, type Span, scaled, sumOf } from './span.ts';

/** Weight of what was seen fades to a half in this time, so that a rate follows what goes on now. */
const HALF_LIFE_MS = 15_000;

/**
 * How one leaf moves, in the same few numbers however long it runs. All times are of one clock that
 * does not jump.
 *
 * Its recent rate is a mean over time in which the past fades, except for the last two moves: of a task
 * that moves once a minute they are all there is to go by.
 */
export class Trace {
  #startedAt: number;
  #startedWith: number;
  /** Of the last move. */
  #at: number;
  #progress: number;
  #faded = NO_SPAN;
  #last: readonly [before: Span, last: Span] = [NO_SPAN, NO_SPAN];
  readonly #persistence = new Persistence();

  /** Begins with what is seen first. */
  constructor(progress: number, atMs: number) {
    this.#startedAt = atMs;
    this.#startedWith = progress;
    this.#at = atMs;
    this.#progress = progress;
  }

  get startedAt(): number {
    return this.#startedAt;
  }

  get progress(): number {
    return this.#progress;
  }

  /** Says when the task started, for one that was first seen when it had done something already. */
  begin(startedAt: number): void {
    if (this.#startedWith === 0 || startedAt >= this.#startedAt) return;
    const unseen = { amount: this.#startedWith, ms: this.#startedAt - startedAt };
    if (this.#last[1] === NO_SPAN) this.#last = [NO_SPAN, unseen];
    this.#persistence.add(unseen);
    this.#startedAt = startedAt;
    this.#startedWith = 0;
  }

  /** Takes absolute progress as of a moment. What is no move tells nothing that the clock does not. */
  add(progress: number, atMs: number): void {
    if (!(progress > this.#progress)) return;
    const span = { amount: progress - this.#progress, ms: Math.max(0, atMs - this.#at) };
    this.#progress = progress;
    this.#at += span.ms;
    this.#persistence.add(span);
    const [before, last] = this.#last;
    if (span.ms === 0 || last.ms === 0) {
      this.#last = [before, sumOf(last, span)];
      return;
    }
    const aged = scaled(before, halved(last.ms + span.ms));
    this.#faded = sumOf(scaled(this.#faded, halved(span.ms)), aged);
    this.#last = [last, span];
  }

  /** Units a second of late; null before the first move. */
  ratePerSecond(nowMs: number): number | null {
    const { amount, ms } = this.#recent(this.#idleMs(nowMs));
    return amount > 0 && ms > 0 ? (1000 * amount) / ms : null;
  }

  /** How long `left` units more take; null before the first move, and where no number can tell. */
  remainingMs(left: number, nowMs: number): number | null {
    const idleMs = this.#idleMs(nowMs);
    const recent = this.#recent(idleMs);
    if (!(recent.amount > 0 && recent.ms > 0)) return null;
    if (left <= 0) return 0;
    const wholeMs = this.#at - this.#startedAt + idleMs;
    const byMeanMs = (left * wholeMs) / (this.#progress - this.#startedWith);
    const byRecentMs = (left * recent.ms) / recent.amount;
    // What was seen of late reaches as far into the future as into the past, or as it has proved to.
    const reach = recent.ms / (recent.ms + byMeanMs);
    const trust = Math.max(reach ** 2, this.#persistence.value);
    const expectedMs = 1 / (trust / byRecentMs + (1 - trust) / byMeanMs);
    if (!Number.isFinite(expectedMs)) return null;
    return Math.max(0, expectedMs - (this.#waitMs(nowMs) - idleMs));
  }

  #recent(idleMs: number): Span {
    const seen = sumOf(scaled(this.#faded, halved(idleMs)), sumOf(...this.#last));
    return { amount: seen.amount, ms: seen.ms + idleMs };
  }

  /** Since the last move. */
  #waitMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#at);
  }

  /** How long nothing has moved beyond the time in which a move was due. */
  #idleMs(nowMs: number): number {
    const [before, last] = this.#last;
    return Math.max(0, this.#waitMs(nowMs) - Math.max(before.ms, last.ms));
  }
}

function halved(ms: number): number {
  return 2 ** (-ms / HALF_LIFE_MS);
}
