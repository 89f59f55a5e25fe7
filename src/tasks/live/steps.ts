/**
 * Counts steps of a task whose volume is something else: answers by how much each step advances it.
 * What the steps advance together never departs from their share of the volume, and all of them make
 * exactly the volume; where that is a whole number, so is every amount. Steps beyond the last go on in
 * the same measure.
 */
export class StepCounter {
  readonly #volume: number;
  readonly #steps: number;
  #taken = 0;
  #advanced = 0;

  /** `steps` is a whole number from 1. */
  constructor(volume: number, steps: number) {
    this.#volume = volume;
    this.#steps = steps;
  }

  /** By how much the task advances with the next `steps` steps. */
  take(steps = 1): number {
    this.#taken += steps;
    const amount = this.#share(this.#taken) - this.#advanced;
    this.#advanced += amount;
    return amount;
  }

  #share(taken: number): number {
    if (!Number.isInteger(this.#volume)) return (this.#volume * taken) / this.#steps;
    // Whole parts and rest apart: their products stay exact for longer than that of the volume.
    const rest = this.#volume % this.#steps;
    const whole = (this.#volume - rest) / this.#steps;
    return whole * taken + Math.floor((rest * taken) / this.#steps);
  }
}
