/**
 * Counts of durations on a log-linear scale: exact up to 127 ns, then 64 equal steps an octave, so
 * that a value is at most 1/64 off. Merging is addition.
 */
export class Histogram {
  readonly #counts: Float64Array;
  #total = 0;
  #max = 0;
  #sum = 0;

  constructor(packed?: PackedHistogram) {
    this.#counts = new Float64Array(BUCKETS);
    if (packed) {
      this.#counts.set(packed.counts);
      this.#total = packed.total;
      this.#max = packed.max;
      this.#sum = packed.sum;
    }
  }

  get total(): number {
    return this.#total;
  }

  /** Exact. */
  get max(): number {
    return this.#max;
  }

  /** Exact; 0 when nothing was recorded. */
  get mean(): number {
    return this.#total === 0 ? 0 : this.#sum / this.#total;
  }

  /** Adds a duration; a fraction is cut off. @throws RangeError when it is negative */
  record(nanoseconds: number): void {
    if (!(nanoseconds >= 0)) throw new RangeError(`not a duration: ${nanoseconds}`);
    const index = bucketOf(nanoseconds);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#total += 1;
    this.#sum += nanoseconds;
    if (nanoseconds > this.#max) this.#max = nanoseconds;
  }

  merge(other: Histogram): void {
    for (let index = 0; index < BUCKETS; index += 1) {
      this.#counts[index] = (this.#counts[index] as number) + (other.#counts[index] as number);
    }
    this.#total += other.#total;
    this.#sum += other.#sum;
    this.#max = Math.max(this.#max, other.#max);
  }

  /**
   * The smallest recorded value that `quantile` (0 to 1) of all values do not exceed, rounded up
   * by less than 1/64 but never above the maximum; 0 when nothing was recorded.
   */
  at(quantile: number): number {
    const rank = Math.max(1, Math.ceil(quantile * this.#total));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index += 1) {
      seen += this.#counts[index] as number;
      if (seen >= rank) return Math.min(highestOf(index), this.#max);
    }
    return this.#max;
  }

  pack(): PackedHistogram {
    const last = this.#counts.findLastIndex((count) => count > 0);
    return {
      counts: Array.from(this.#counts.subarray(0, last + 1)),
      total: this.#total,
      max: this.#max,
      sum: this.#sum,
    };
  }
}

/** A histogram as plain data. */
export interface PackedHistogram {
  readonly counts: readonly number[];
  readonly total: number;
  readonly max: number;
  readonly sum: number;
}

/** Steps an octave; a power of two. */
const STEPS = 64;
/** Values below this have a bucket each. */
const LINEAR = 2 * STEPS;
/** Octaves above the linear part: up to 2^53, which is 104 days. */
const OCTAVES = 53 - 7;
const BUCKETS = LINEAR + OCTAVES * STEPS;

function bucketOf(nanoseconds: number): number {
  if (nanoseconds < LINEAR) return Math.floor(nanoseconds);
  const high = Math.floor(nanoseconds / 2 ** 32);
  const exponent = high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(nanoseconds);
  const octave = exponent - 7;
  const step = Math.floor(nanoseconds / 2 ** (exponent - 6)) - STEPS;
  return Math.min(BUCKETS - 1, LINEAR + octave * STEPS + step);
}

/** The largest integer that falls into a bucket. */
function highestOf(index: number): number {
  if (index < LINEAR) return index;
  const octave = Math.floor((index - LINEAR) / STEPS);
  const step = (index - LINEAR) % STEPS;
  return (STEPS + step + 1) * 2 ** (octave + 1) - 1;
}
