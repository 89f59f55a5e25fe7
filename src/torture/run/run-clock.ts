/** Readings that are compared: the smallest of them is the least disturbed. */
const READINGS = 50;

/**
 * Nanoseconds since an instant of `process.hrtime.bigint()`, which is one clock for all processes of
 * a machine. `performance.now()` counts from another instant on the same clock, at half the price
 * and without making a bigint; how the two stand to each other is known to within an error, by which
 * every operation is taken to be longer than it was. So what seems to have come first did.
 */
export class RunClock {
  readonly #offset: number;
  readonly #error: number;

  constructor(startedAt: bigint) {
    let best = { offset: 0, error: Number.POSITIVE_INFINITY };
    for (let reading = 0; reading < READINGS; reading += 1) {
      const before = performance.now() * 1e6;
      const now = Number(process.hrtime.bigint() - startedAt);
      const after = performance.now() * 1e6;
      const error = (after - before) / 2;
      if (error < best.error) best = { offset: now - (before + after) / 2, error };
    }
    this.#offset = best.offset;
    this.#error = best.error;
  }

  /** Not later than now. */
  begin(): number {
    return performance.now() * 1e6 + this.#offset - this.#error;
  }

  /** Not earlier than now. */
  end(): number {
    return performance.now() * 1e6 + this.#offset + this.#error;
  }
}
