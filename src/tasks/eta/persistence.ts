import { NO_SPAN, type Span, sumOf } from './span.ts';

/** A pace is compared with the one before over stretches of this length, or of one move if that is longer. */
const STRETCH_MS = 15_000;

/** Until there are more stretches than these, what they tell may well be chance. */
const STRETCHES_DOUBTED = 4;

/**
 * Whether a pace that departs from the mean stays with it, as after a change for good, or comes back
 * to it, as between bursts: the autocorrelation of the departures over one stretch and over two,
 * whichever is less.
 */
export class Persistence {
  #before = NO_SPAN;
  #stretch = NO_SPAN;
  #last = 0;
  #lastButOne = 0;
  #stretches = 0;
  #squares = 0;
  #overOne = 0;
  #overTwo = 0;

  add(span: Span): void {
    this.#stretch = sumOf(this.#stretch, span);
    if (this.#stretch.ms < STRETCH_MS) return;
    if (this.#before.amount > 0) this.#note(departure(this.#stretch, this.#before));
    this.#before = sumOf(this.#before, this.#stretch);
    this.#stretch = NO_SPAN;
  }

  /** From 0, when departures told nothing of what came next, to 1. */
  get value(): number {
    if (this.#squares === 0) return 0;
    const correlation = Math.min(this.#overOne, this.#overTwo) / this.#squares;
    const certainty = this.#stretches / (this.#stretches + STRETCHES_DOUBTED);
    return Math.max(0, correlation) * certainty;
  }

  #note(value: number): void {
    this.#stretches += 1;
    this.#squares += value * value;
    this.#overOne += value * this.#last;
    this.#overTwo += value * this.#lastButOne;
    this.#lastButOne = this.#last;
    this.#last = value;
  }
}

/** From -1 to 1, as much for half the pace as for twice. */
function departure(stretch: Span, before: Span): number {
  const [pace, mean] = [stretch.amount / stretch.ms, before.amount / before.ms];
  return (pace - mean) / (pace + mean);
}
