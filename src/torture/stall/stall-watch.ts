import { classify } from './classify.ts';
import type { Diagnosis, StallLimits } from './diagnosis.ts';
import { type Look, lastMs, ownMsOf, returnedOf, trailing } from './look.ts';

/** Takes looks as they come and keeps as many as a diagnosis takes. */
export class StallWatch {
  readonly #limits: StallLimits;
  #looks: readonly Look[] = [];

  constructor(limits: StallLimits) {
    this.#limits = limits;
  }

  /** See `classify`. A look every 250 ms, or four in `stallMs`, is enough. */
  look(look: Look): Diagnosis | undefined {
    const { stallMs, slowMs } = this.#limits;
    const looks = [...this.#looks, look];
    const recent = looks.length - lastMs(looks, Math.max(stallMs, slowMs)).length;
    const returned = returnedOf(look);
    const still = looks.findLastIndex((one) => returnedOf(one) !== returned);
    // One look more: whether a series is broken shows between two.
    this.#looks = looks.slice(Math.max(0, Math.min(recent, still + 1) - 1));
    return classify(this.#looks, this.#limits);
  }

  /** How long nothing has returned; of the worker's own time that the machine gave least. */
  get stillMs(): number {
    return ownMsOf(trailing(this.#looks, (look, next) => returnedOf(look) === returnedOf(next)));
  }

  /** Something other than an operation has got on: a barrier, an open, a close. */
  touch(): void {
    this.#looks = [];
  }
}
