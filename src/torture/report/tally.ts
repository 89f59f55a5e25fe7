import type { Operation } from '../declare/operation.ts';
import { clientCount, isMeasured, type Phase } from '../declare/plan.ts';
import { Drawing } from './drawing.ts';
import { Latencies } from './latencies.ts';
import { measureOverlap } from './overlap.ts';
import type { RunReport } from './report.ts';

type Figures = Pick<
  RunReport,
  | 'operations'
  | 'outcomes'
  | 'overlap'
  | 'maxConcurrency'
  | 'skewMs'
  | 'latencyMs'
  | 'histograms'
  | 'corrected'
  | 'pairs'
  | 'throughput'
  | 'timeline'
>;

/** Adds up the figures of repetitions. Phases that are not measured do not count. */
export class Tally {
  readonly #measured: ReadonlySet<string>;
  /** From when each operation began, and from when it should have. */
  readonly #latencies = new Latencies();
  readonly #corrected = new Latencies();
  readonly #drawing: Drawing;
  readonly #clients: number;
  readonly #pairs: Record<string, number> = {};
  readonly #skews: number[] = [];
  readonly #outcomes = { ok: 0, fail: 0, info: 0 };
  #operations = 0;
  #overlapped = 0;
  #maxConcurrency = 0;

  constructor(phases: readonly Phase[]) {
    this.#measured = new Set(phases.filter(isMeasured).map((phase) => phase.name));
    this.#clients = clientCount(phases);
    this.#drawing = new Drawing(this.#clients);
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
    for (const { f, outcome, dueAt, invokedAt, returnedAt } of operations) {
      this.#outcomes[outcome] += 1;
      if (returnedAt === undefined) continue;
      this.#latencies.record(f, returnedAt - invokedAt);
      if (dueAt !== undefined) this.#corrected.record(f, returnedAt - Math.min(dueAt, invokedAt));
    }
    this.#drawing.add(operations);
    const { fraction, maxConcurrency, pairs } = measureOverlap(this.#lived(operations), workers);
    for (const [pair, count] of Object.entries(pairs)) {
      this.#pairs[pair] = (this.#pairs[pair] ?? 0) + count;
    }
    this.#operations += operations.length;
    this.#overlapped += fraction * operations.length;
    this.#maxConcurrency = Math.max(this.#maxConcurrency, maxConcurrency);
    for (const skew of skewsOf(operations)) this.#skews.push(skew);
  }

  /** With the number that a client had before it was killed: by that it has its worker. */
  #lived(operations: readonly Operation[]): readonly Operation[] {
    if (operations.every(({ process }) => process < this.#clients)) return operations;
    return operations.map((one) => ({ ...one, process: one.process % this.#clients }));
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
      ...this.#latencies.figures(),
      corrected: this.#corrected.isEmpty ? undefined : this.#corrected.figures(),
      pairs: { ...this.#pairs },
      throughput: this.#drawing.throughput(),
      timeline: this.#drawing.timeline(),
    };
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
