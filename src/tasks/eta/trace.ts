/** Weight of what was seen fades to a half in this time, so that a rate follows what goes on now. */
const HALF_LIFE_MS = 15_000;

/** Progress between two moments. */
interface Span {
  readonly amount: number;
  readonly ms: number;
}

const NOTHING: Span = { amount: 0, ms: 0 };

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
  #faded: Span = NOTHING;
  #last: readonly [before: Span, last: Span] = [NOTHING, NOTHING];

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
    const [, last] = this.#last;
    const unseen = { amount: this.#startedWith, ms: this.#startedAt - startedAt };
    if (last === NOTHING) this.#last = [NOTHING, unseen];
    this.#startedAt = startedAt;
    this.#startedWith = 0;
  }

  /** Takes absolute progress as of a moment. What is no move tells nothing that the clock does not. */
  add(progress: number, atMs: number): void {
    if (!(progress > this.#progress)) return;
    const span = { amount: progress - this.#progress, ms: Math.max(0, atMs - this.#at) };
    this.#progress = progress;
    this.#at += span.ms;
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

  /** How long `left` units more take; null before the first move. */
  remainingMs(left: number, nowMs: number): number | null {
    const idleMs = this.#idleMs(nowMs);
    const { amount, ms } = this.#recent(idleMs);
    if (!(amount > 0 && ms > 0)) return null;
    if (left <= 0) return 0;
    const wholeMs = this.#at - this.#startedAt + idleMs;
    const byMeanMs = (left * wholeMs) / (this.#progress - this.#startedWith);
    const byRecentMs = (left * ms) / amount;
    // What was seen of late reaches as far into the future as into the past; beyond, the mean holds.
    const trust = ms / (ms + byMeanMs);
    const mixedMs = 1 / (trust / byRecentMs + (1 - trust) / byMeanMs);
    return Math.max(0, mixedMs - (this.#waitMs(nowMs) - idleMs));
  }

  #recent(idleMs: number): Span {
    const [before, last] = this.#last;
    const spans = sumOf(scaled(this.#faded, halved(idleMs)), sumOf(before, last));
    return { amount: spans.amount, ms: spans.ms + idleMs };
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

function scaled({ amount, ms }: Span, factor: number): Span {
  return { amount: amount * factor, ms: ms * factor };
}

function sumOf(a: Span, b: Span): Span {
  return { amount: a.amount + b.amount, ms: a.ms + b.ms };
}
