import { Histogram } from './histogram.ts';
import type { CorrectedLatency, Latency } from './report.ts';

/** Durations by operation, in nanoseconds. */
export class Latencies {
  readonly #histograms = new Map<string, Histogram>();

  get isEmpty(): boolean {
    return this.#histograms.size === 0;
  }

  record(f: string, durationNs: number): void {
    let histogram = this.#histograms.get(f);
    if (!histogram) {
      histogram = new Histogram();
      this.#histograms.set(f, histogram);
    }
    histogram.record(durationNs);
  }

  figures(): CorrectedLatency {
    const packed = [...this.#histograms].map(([f, histogram]) => [f, histogram.pack()] as const);
    return { latencyMs: this.#all(), histograms: Object.fromEntries(packed) };
  }

  #all(): Latency {
    const all = new Histogram();
    for (const histogram of this.#histograms.values()) all.merge(histogram);
    const ms = (quantile: number) => all.at(quantile) / 1e6;
    return {
      mean: all.mean / 1e6,
      p50: ms(0.5),
      p90: ms(0.9),
      p99: ms(0.99),
      p999: ms(0.999),
      max: all.max / 1e6,
    };
  }
}
