import type { Illegal, Model, Op, Ops } from './declaration.ts';
import { describeOperation, type Operation } from './operation.ts';

/** What a search for an order has come to. */
export interface LinearizabilityResult {
  readonly verdict: 'ok' | 'violation' | 'unknown';
  readonly message: string;
  /** On a violation: those that the longest explicable order leaves over and that had to come next. */
  readonly operations: readonly Operation[];
}

/**
 * Looks for an order of the operations that respects real time and explains every result
 * (Wing & Gong 1993, with the memo of Lowe 2017), one partition after the other. A `fail` did not
 * happen; an `info` may happen at any time after its invoke, or never. States are compared by their
 * JSON. Gives up as `unknown` after `stepsMax` configurations.
 */
export function checkLinearizable<M>(
  operations: readonly Operation[],
  ops: Ops<never, M>,
  model: Model<M>,
  stepsMax = 2_000_000,
): LinearizabilityResult {
  const partitions = Map.groupBy(
    operations.filter((one) => one.outcome !== 'fail'),
    (one) => model.partition?.(one.input) ?? '',
  );
  let unknown: LinearizabilityResult | undefined;
  for (const [key, part] of partitions) {
    const result = new Search(part, ops, model.init, stepsMax).run();
    const where = key === '' ? '' : `key ${key}: `;
    if (result.verdict === 'violation') return { ...result, message: `${where}${result.message}` };
    if (result.verdict === 'unknown') unknown ??= result;
  }
  return unknown ?? { verdict: 'ok', message: '', operations: [] };
}

interface Entry {
  readonly operation: Operation;
  readonly index: number;
  /** Infinity while nobody knows whether it has returned. */
  readonly end: number;
}

interface Choice<M> {
  readonly entry: Entry;
  readonly before: M;
}

class Search<M> {
  readonly #entries: readonly Entry[];
  readonly #ops: Ops<never, M>;
  readonly #stepsMax: number;
  readonly #seen = new Set<string>();
  readonly #path: Choice<M>[] = [];
  readonly #taken: Uint8Array;
  #state: M;
  #steps = 0;
  /** Entries below this are all taken. */
  #first = 0;
  #longest = -1;
  #stuck: { left: readonly Entry[]; reasons: readonly string[] } = { left: [], reasons: [] };

  constructor(operations: readonly Operation[], ops: Ops<never, M>, init: M, stepsMax: number) {
    this.#entries = operations
      .toSorted((a, b) => a.invokedAt - b.invokedAt)
      .map((operation, index) => ({ operation, index, end: endOf(operation) }));
    this.#taken = new Uint8Array(this.#entries.length);
    this.#ops = ops;
    this.#state = init;
    this.#stepsMax = stepsMax;
  }

  run(): LinearizabilityResult {
    const mustReturn = this.#entries.filter((entry) => entry.end !== Number.POSITIVE_INFINITY);
    let returned = 0;
    let from = 0;
    for (;;) {
      if (returned === mustReturn.length) return { verdict: 'ok', message: '', operations: [] };
      if (this.#steps > this.#stepsMax) return this.#giveUp();
      const next = this.#advance(from);
      if (next !== undefined) {
        if (next.end !== Number.POSITIVE_INFINITY) returned += 1;
        from = this.#first;
        continue;
      }
      const undone = this.#undo();
      if (undone === undefined) return this.#refute();
      if (undone.end !== Number.POSITIVE_INFINITY) returned -= 1;
      from = undone.index + 1;
    }
  }

  /** Takes the first operation from `from` on that may come next and leads somewhere new. */
  #advance(from: number): Entry | undefined {
    const candidates = this.#candidates();
    const reasons: string[] = [];
    for (const entry of candidates) {
      if (entry.index < from) continue;
      this.#steps += 1;
      const { f, input, output, outcome } = entry.operation;
      const operation: Op<never, unknown, unknown, M> | undefined = this.#ops[f];
      // What nobody saw return may have had any result: it is tried as a result of undefined.
      const step = operation?.spec?.(this.#state, input, outcome === 'ok' ? output : undefined);
      if (step === false || step === undefined || isIllegal(step)) {
        if (isIllegal(step)) reasons.push(step.illegal);
        continue;
      }
      const state = step === true ? this.#state : step;
      this.#taken[entry.index] = 1;
      const first = this.#first;
      while (this.#taken[this.#first] === 1) this.#first += 1;
      const configuration = this.#configuration(state);
      if (this.#seen.has(configuration)) {
        this.#taken[entry.index] = 0;
        this.#first = first;
        continue;
      }
      this.#seen.add(configuration);
      this.#path.push({ entry, before: this.#state });
      this.#state = state;
      return entry;
    }
    if (this.#path.length > this.#longest) {
      this.#longest = this.#path.length;
      this.#stuck = { left: candidates, reasons };
    }
    return undefined;
  }

  /** Those that began before any other that is left has ended. */
  #candidates(): Entry[] {
    const found: Entry[] = [];
    let firstEnd = Number.POSITIVE_INFINITY;
    for (let index = this.#first; index < this.#entries.length; index += 1) {
      const entry = this.#entries[index] as Entry;
      if (entry.operation.invokedAt > firstEnd) break;
      if (this.#taken[index] === 1) continue;
      found.push(entry);
      firstEnd = Math.min(firstEnd, entry.end);
    }
    return found;
  }

  #undo(): Entry | undefined {
    const last = this.#path.pop();
    if (!last) return undefined;
    this.#taken[last.entry.index] = 0;
    this.#first = Math.min(this.#first, last.entry.index);
    this.#state = last.before;
    return last.entry;
  }

  /** What has been taken beyond the part that is taken wholly, and the state. */
  #configuration(state: M): string {
    let bits = '';
    // Everything below #first is taken, and so is the one that is just being added.
    let left = this.#path.length + 1 - this.#first;
    for (let index = this.#first; left > 0; index += 1) {
      const bit = this.#taken[index] as number;
      bits += bit;
      left -= bit;
    }
    return `${this.#first}:${bits}:${JSON.stringify(state)}`;
  }

  #refute(): LinearizabilityResult {
    const { left, reasons } = this.#stuck;
    const why = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
    const next = left.map(({ operation }) => describeOperation(operation)).join('; ');
    return {
      verdict: 'violation',
      message: `no order explains the results: after ${this.#longest} of ${this.#entries.length} operations none of these can come next${why}: ${next}`,
      operations: left.map((entry) => entry.operation),
    };
  }

  #giveUp(): LinearizabilityResult {
    return {
      verdict: 'unknown',
      message: `the search for an order gave up after ${this.#steps} steps, ${this.#longest} of ${this.#entries.length} operations in`,
      operations: [],
    };
  }
}

function endOf({ outcome, returnedAt }: Operation): number {
  return outcome === 'ok' && returnedAt !== undefined ? returnedAt : Number.POSITIVE_INFINITY;
}

function isIllegal(step: unknown): step is Illegal {
  return typeof step === 'object' && step !== null && 'illegal' in step;
}
