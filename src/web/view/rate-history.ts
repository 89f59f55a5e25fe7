/** Time that one point of the curve stands for. */
export const BUCKET_MS = 2000;
const BUCKETS = 30;

/** Fewer points make no curve. */
const LEAST = 4;

/** How fast a leaf moved in the last minute, in points of two seconds. */
export class RateHistory {
  #progress: number;
  /** Number of the newest bucket: time over its length. */
  #bucket: number;
  readonly #amounts: number[] = [];

  constructor(progress: number, at: number) {
    this.#progress = progress;
    this.#bucket = Math.floor(at / BUCKET_MS);
    this.#amounts.push(0);
  }

  /** Takes absolute progress as of a moment. */
  add(progress: number, at: number): void {
    this.#advance(at);
    const amount = Math.max(0, progress - this.#progress);
    this.#progress = progress;
    this.#amounts[this.#amounts.length - 1] = (this.#amounts.at(-1) ?? 0) + amount;
  }

  /** Amounts a second, oldest first; the bucket that is not over is left out. */
  ratesAt(now: number): readonly number[] {
    this.#advance(now);
    return this.#amounts.slice(0, -1).map((amount) => (amount * 1000) / BUCKET_MS);
  }

  #advance(at: number): void {
    const bucket = Math.floor(at / BUCKET_MS);
    if (bucket <= this.#bucket) return;
    const missing = Math.min(bucket - this.#bucket, BUCKETS + 1);
    for (let count = 0; count < missing; count += 1) this.#amounts.push(0);
    this.#amounts.splice(0, this.#amounts.length - BUCKETS - 1);
    this.#bucket = bucket;
  }
}

/** A curve of those rates in a box, as the `d` of a path that is closed at the bottom. */
export function curveOf(rates: readonly number[], width: number, height: number): string {
  const top = Math.max(...rates);
  if (rates.length < LEAST || top <= 0) return '';
  const step = width / (BUCKETS - 1);
  const start = width - step * (rates.length - 1);
  const points = rates.map((rate, index) => {
    const y = height - 1 - (rate / top) * (height - 2);
    return `${round(start + index * step)} ${round(y)}`;
  });
  return `M${round(start)} ${height}L${points.join('L')}L${width} ${height}Z`;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
