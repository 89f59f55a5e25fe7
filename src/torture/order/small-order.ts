import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { knownOutput, meaningOf } from './meaning.ts';

/** What a search for an order comes to. */
export interface OperationOrder {
  readonly kind: 'legal' | 'illegal' | 'exhausted';
  /** The order that explains most operations. */
  readonly order: readonly Operation[];
  /** The operation that no continuation of it reaches in time. */
  readonly stuck: Operation | undefined;
}

/** So many have few orders, unless all of them overlap. */
const OPERATIONS_MAX = 12;

/** Then a search that remembers where it has been is cheaper. */
const ASKS_MAX = 400;

/**
 * Tries the orders of a few operations one by one, without a memory: for a handful of them, of which
 * an exploration of schedules judges thousands a second, setting up the search would cost more than
 * it saves. They are sorted by `invokedAt`. Undefined if there is too much to try.
 */
export function trySmallOrder(
  declared: AnyDeclared,
  operations: readonly Operation[],
): OperationOrder | undefined {
  if (operations.length > OPERATIONS_MAX) return undefined;
  return new SmallSearch(declared, operations).run();
}

class SmallSearch {
  readonly #declared: AnyDeclared;
  readonly #operations: readonly Operation[];
  readonly #ends: readonly number[];
  /** Operations that returned, as bits. */
  readonly #returned: number;
  readonly #order: number[] = [];
  #best: readonly number[] = [];
  #stuck: number | undefined;
  #asks = 0;

  constructor(declared: AnyDeclared, operations: readonly Operation[]) {
    this.#declared = declared;
    this.#operations = operations;
    this.#ends = operations.map(endOf);
    this.#returned = this.#ends.reduce((bits, end, at) => bits | (isReturn(end) ? 1 << at : 0), 0);
  }

  run(): OperationOrder | undefined {
    const isLegal = this.#search(0, this.#declared.model?.init);
    if (!isLegal && this.#asks > ASKS_MAX) return undefined;
    const order = isLegal ? this.#order : this.#best;
    return {
      kind: isLegal ? 'legal' : 'illegal',
      order: order.map((at) => this.#operations[at] as Operation),
      stuck: isLegal || this.#stuck === undefined ? undefined : this.#operations[this.#stuck],
    };
  }

  #search(taken: number, state: unknown): boolean {
    const left = this.#returned & ~taken;
    if (left === 0) return true;
    const first = this.#firstToEnd(left);
    const limit = this.#ends[first] as number;
    if (this.#tryThose(left, taken, state, limit)) return true;
    // What nobody knows about only where nothing else leads on.
    const unknown = ~(this.#returned | taken);
    if (this.#tryThose(unknown, taken, state, limit)) return true;
    if (this.#stuck === undefined || this.#order.length > this.#best.length) {
      this.#best = this.#order.slice();
      this.#stuck = first;
    }
    return false;
  }

  /** Those of the operations in `bits` that have begun by `limit`. */
  #tryThose(bits: number, taken: number, state: unknown, limit: number): boolean {
    for (let at = 0; at < this.#operations.length; at += 1) {
      if ((bits & (1 << at)) === 0) continue;
      const operation = this.#operations[at] as Operation;
      if (operation.invokedAt > limit) return false;
      if (++this.#asks > ASKS_MAX) return false;
      const output = knownOutput(operation);
      for (const next of meaningOf(this.#declared, operation, output, state).states) {
        // What changes nothing and need not have happened is of no use.
        if (next === state && operation.outcome === 'info') continue;
        this.#order.push(at);
        if (this.#search(taken | (1 << at), next)) return true;
        this.#order.pop();
      }
    }
    return false;
  }

  #firstToEnd(bits: number): number {
    let first = 0;
    let end = Number.POSITIVE_INFINITY;
    for (let at = 0; at < this.#ends.length; at += 1) {
      const own = this.#ends[at] as number;
      if ((bits & (1 << at)) === 0 || own >= end) continue;
      first = at;
      end = own;
    }
    return first;
  }
}

/** The last moment at which it can have happened. */
export function endOf({ outcome, returnedAt }: Operation): number {
  return outcome === 'info' ? Number.POSITIVE_INFINITY : (returnedAt ?? Number.POSITIVE_INFINITY);
}

function isReturn(end: number): boolean {
  return end !== Number.POSITIVE_INFINITY;
}
