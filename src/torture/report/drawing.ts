import type { Operation, Outcome } from '../declare/operation.ts';
import type { Throughput, Timeline, TimelineMark } from './report.ts';

/** More than a page can draw one by one; the file stays below a few megabytes. */
const MARKS_MAX = 100_000;

const BINS = 60;

const OUTCOMES: Readonly<Record<Outcome, 0 | 1 | 2>> = { ok: 0, fail: 1, info: 2 };

/** Collects what a report draws of the operations: who did what when. */
export class Drawing {
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #marks: TimelineMark[] = [];
  /** When operations returned, in ns, by client. */
  readonly #returns: number[][] = [];
  readonly #clients: number;
  #total = 0;

  constructor(clients: number) {
    this.#clients = clients;
  }

  add(operations: readonly Operation[]): void {
    this.#total += operations.length;
    for (const { process, f, outcome, invokedAt, returnedAt } of operations) {
      if (returnedAt !== undefined) {
        // One that was killed goes on under another number.
        const client = process % this.#clients;
        const returns = this.#returns[client] ?? [];
        this.#returns[client] = returns;
        returns.push(returnedAt);
      }
      if (this.#marks.length >= MARKS_MAX) continue;
      const end = returnedAt === undefined ? -1 : micros(returnedAt);
      this.#marks.push([process, this.#number(f), OUTCOMES[outcome], micros(invokedAt), end]);
    }
  }

  timeline(): Timeline {
    const marks = this.#marks.toSorted((a, b) => a[3] - b[3]);
    return { f: this.#names, marks, total: this.#total };
  }

  throughput(): Throughput {
    // One that nothing ever returned to is there too.
    const clients = Array.from(
      { length: this.#clients },
      (_, client) => this.#returns[client] ?? [],
    );
    let last = 0;
    for (const returns of clients) for (const at of returns) last = Math.max(last, at);
    const binNs = Math.max(1e6, last / BINS);
    // What returned last belongs to the last of them.
    const bins = Math.max(1, Math.min(BINS, Math.ceil(last / binNs)));
    return {
      binMs: binNs / 1e6,
      clients: clients.map((returns) => {
        const counts = new Array<number>(bins).fill(0);
        for (const at of returns) {
          const bin = Math.min(bins - 1, Math.floor(at / binNs));
          counts[bin] = (counts[bin] ?? 0) + 1;
        }
        return counts;
      }),
    };
  }

  #number(f: string): number {
    let number = this.#numbers.get(f);
    if (number === undefined) {
      number = this.#names.length;
      this.#names.push(f);
      this.#numbers.set(f, number);
    }
    return number;
  }
}

function micros(nanoseconds: number): number {
  return Math.round(nanoseconds / 10) / 100;
}
