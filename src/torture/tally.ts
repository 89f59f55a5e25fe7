import { Histogram } from './histogram.ts';
import type { Operation } from './operation.ts';
import { measureOverlap } from './overlap.ts';
import { isMeasured, type Phase } from './plan.ts';
import type { Latency, RunReport } from './report.ts';

type Figures = Pick<
  RunReport,
  'operations' | 'outcomes' | 'overlap' | 'maxConcurrency' | 'skewMs' | 'latencyMs' | 'histograms'
>;

/** Adds up the figures of repetitions. Phases that are not measured do not count. */
export class Tally {
  readonly #measured: ReadonlySet<string>;
  readonly #histograms = new Map<string, Histogram>();
  readonly #skews: number[] = [];
  readonly #outcomes = { ok: 0, fail: 0, info: 0 };
  #operations = 0;
  #overlapped = 0;
  #maxConcurrency = 0;

  constructor(phases: readonly Phase[]) {
    this.#measured = new Set(phases.filter(isMeasured).map((phase) => phase.name));
  }

  get operations(): number {
    return this.#operations;
  }

  /** Most operations of different clients that were under way at once. */
  get maxConcurrency(): number {
    return this.#maxConcurrency;
  }

  /** One repetition, which as many workers ran. */
  add(all: readonly Operation[], workers: number): void {
    const operations = all.filter(({ phase }) => phase === '' || this.#measured.has(phase));
    for (const { f, outcome, invokedAt, returnedAt } of operations) {
      this.#outcomes[outcome] += 1;
      if (returnedAt !== undefined) this.#histogramOf(f).record(returnedAt - invokedAt);
    }
    const { fraction, maxConcurrency } = measureOverlap(operations, workers);
    this.#operations += operations.length;
    this.#overlapped += fraction * operations.length;
    this.#maxConcurrency = Math.max(this.#maxConcurrency, maxConcurrency);
    this.#skews.push(...skewsOf(operations));
  }

  figures(): Figures {
    const skews = this.#skews.toSorted((a, b) => a - b);
    return {
      operations: this.#operations,
      outcomes: { ...this.#outcomes },
      overlap: this.#operations === 0 ? 0 : this.#overlapped / this.#operations,
      maxConcurrency: this.#maxConcurrency,
      skewMs: {
        median: (skews[Math.floor(skews.length / 2)] ?? 0) / 1e6,
        max: (skews.at(-1) ?? 0) / 1e6,
      },
      latencyMs: latencyOf(this.#histograms.values()),
      histograms: Object.fromEntries(
        [...this.#histograms].map(([f, histogram]) => [f, histogram.pack()]),
      ),
    };
  }

  #histogramOf(f: string): Histogram {
    let histogram = this.#histograms.get(f);
    if (!histogram) {
      histogram = new Histogram();
      this.#histograms.set(f, histogram);
    }
    return histogram;
  }
}

/** For each round, the time between the first and the last client's first operation. */
function skewsOf(operations: readonly Operation[]): number[] {
  const rounds = Map.groupBy(operations, ({ phase, round }) => `${phase}/${round}`);
  return [...rounds.values()].map((round) => {
    const firsts = new Map<number, number>();
    for (const { process, invokedAt } of round) {
      firsts.set(process, Math.min(firsts.get(process) ?? Number.POSITIVE_INFINITY, invokedAt));
    }
    const times = [...firsts.values()];
    return Math.max(...times) - Math.min(...times);
  });
}

function latencyOf(histograms: Iterable<Histogram>): Latency {
  const all = new Histogram();
  for (const histogram of histograms) all.merge(histogram);
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
