import type { Estimate } from './estimate.ts';

/** A child of a group, as the group's estimate sees it. */
export interface Share {
  /** How much it counts within the group. */
  readonly weight: number;
  readonly fraction: number | null;
  /** How long it has run. */
  readonly elapsedMs: number;
  /** Undefined when it has ended. */
  readonly estimate: Estimate | undefined;
}

/** What is left to do of the children of one group. */
export class Rest {
  /** Of children that have a rate; null if none has. */
  ratePerSecond: number | null = null;
  /** Whether some child has a range. */
  hasRange = false;
  #hasUnknown = false;
  #isPaceless = false;
  readonly #expected = new Load();
  readonly #low = new Load();
  readonly #high = new Load();
  /** Weights of what is left in children of which only that is known. */
  readonly #guessed = new Load();
  #pacedMs = 0;
  #pacedWeight = 0;

  add({ weight, fraction, elapsedMs, estimate }: Share): void {
    if (estimate === undefined) {
      this.#pace(elapsedMs, weight * (fraction ?? 0));
      return;
    }
    const { ratePerSecond, remainingMs, lowMs, highMs } = estimate;
    if (ratePerSecond !== null) this.ratePerSecond = (this.ratePerSecond ?? 0) + ratePerSecond;
    if (remainingMs !== null) {
      this.#expected.add(remainingMs);
      this.#low.add(lowMs ?? remainingMs);
      this.#high.add(highMs ?? remainingMs);
      this.hasRange ||= lowMs !== null;
      this.#pace(elapsedMs + remainingMs, weight);
      return;
    }
    this.#hasUnknown = true;
    if (fraction === null) this.#isPaceless = true;
    else this.#guessed.add(weight * (1 - fraction));
  }

  #pace(ms: number, weight: number): void {
    this.#pacedMs += ms;
    this.#pacedWeight += weight;
  }

  /** When each child is known; null else. `lanes`: how many may run side by side. */
  knownMs(lanes: number): number | null {
    return this.#hasUnknown ? null : this.#expected.over(lanes);
  }

  /** What is known of it, the rest not counted. */
  leastMs(lanes: number): number {
    return this.#expected.over(lanes);
  }

  /** With children of which nothing is known at the pace of the others, weight for weight. */
  pacedMs(lanes: number): number | null {
    if (this.#isPaceless) return null;
    const expected = this.#expected.and(this.#guessed, this.#pacedMs / this.#pacedWeight);
    const ms = expected.over(lanes);
    return Number.isFinite(ms) ? ms : null;
  }

  lowMs(lanes: number): number {
    return this.#low.over(lanes);
  }

  highMs(lanes: number): number {
    return this.#high.over(lanes);
  }
}

/** Work in pieces that cannot be split. */
class Load {
  #total = 0;
  #longest = 0;

  add(size: number): void {
    this.#total += size;
    this.#longest = Math.max(this.#longest, size);
  }

  /** This and `factor` times `other`. */
  and(other: Load, factor: number): Load {
    const both = new Load();
    both.#total = this.#total + other.#total * factor;
    both.#longest = Math.max(this.#longest, other.#longest * factor);
    return both;
  }

  /** How long it takes in so many lanes side by side. */
  over(lanes: number): number {
    return Math.max(this.#longest, this.#total / lanes);
  }
}
