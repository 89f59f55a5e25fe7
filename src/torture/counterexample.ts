import type { Call } from './check/call.ts';
import { canonicalJson } from './check/intern.ts';
import { shrink } from './check/shrink.ts';
import { sentenceFor } from './counterexample-sentence.ts';
import type { AnyDeclared } from './declaration.ts';
import type { Operation } from './operation.ts';
import { callOf, partitionsOf } from './partitions.ts';
import { type Explanation, type RelaxedOptions, RelaxedSearch } from './relaxed-search.ts';
import { endOf } from './small-order.ts';
import type { Counterexample } from './verdict.ts';

/** Longest time of one attempt to do with fewer operations. */
const ATTEMPT_MS = 200;

/** More operations show nobody anything. */
const OPERATIONS_MAX = 40;

/** Operations with the same answer that are tried as the other half of a pair. */
const PAIRS_MAX = 8;

/**
 * Makes the smallest part it can find of a history that is not linearizable: operations of the
 * partition that cannot all have been as they were seen, whether the others happened or not, when
 * they did after they were invoked, and whatever they answered. Where a `spec` knows no answer that
 * another operation may have given, only what operations of its name did answer counts. Undefined if
 * nothing is found by the deadline, on the clock of `performance.now()`.
 */
export function counterexampleOf(
  declared: AnyDeclared,
  partition: string,
  operations: readonly Operation[],
  deadline: number,
): Counterexample | undefined {
  const part = partitionsOf(declared, operations).find(({ name }) => name === partition);
  return part && new Reduction(declared, part.operations, deadline).run();
}

/**
 * Whether the operations that returned cannot be whatever those of unknown outcome did. False too
 * when that is not found out by the deadline.
 */
export function cannotBeAnyhow(
  declared: AnyDeclared,
  operations: readonly Operation[],
  deadline: number,
): boolean {
  const search = new RelaxedSearch(declared, operations);
  const returned = [...operations.keys()].filter((index) => isReturned(operations[index]));
  return search.explain(returned, { deadline, silence: 'anything' }).kind === 'illegal';
}

function isReturned(operation: Operation | undefined): boolean {
  return operation !== undefined && endOf(operation) !== Number.POSITIVE_INFINITY;
}

/** Takes operations out of the strict ones for as long as the others cannot be without them. */
class Reduction {
  readonly #declared: AnyDeclared;
  readonly #operations: readonly Operation[];
  readonly #deadline: number;
  readonly #search: RelaxedSearch;
  readonly #calls: readonly Call[];
  readonly #indexOf: ReadonlyMap<Call, number>;
  #silence: RelaxedOptions['silence'] = 'anything';
  #proof: Explanation | undefined;

  constructor(declared: AnyDeclared, operations: readonly Operation[], deadline: number) {
    this.#declared = declared;
    this.#operations = operations;
    this.#deadline = deadline;
    this.#search = new RelaxedSearch(declared, operations);
    this.#calls = operations.map(callOf);
    this.#indexOf = new Map(this.#calls.map((call, index) => [call, index]));
  }

  run(): Counterexample | undefined {
    const prefix = this.#shortestPrefix();
    if (prefix === undefined) return undefined;
    let left = this.#guess(prefix) ?? this.#reduce(prefix);
    if (left.length > 2 && this.#search.hasMetUnknown) {
      this.#silence = 'nothing';
      left = this.#reduce(left);
    }
    return left.length > OPERATIONS_MAX ? undefined : this.#describe(left);
  }

  /** What had returned at the first moment at which it could no longer be. */
  #shortestPrefix(): readonly Call[] | undefined {
    const returned = this.#calls
      .filter(({ end }) => end !== Number.POSITIVE_INFINITY)
      .sort((a, b) => a.end - b.end);
    let legal = 0;
    let illegal = returned.length;
    while (illegal - legal > 1) {
      const middle = (legal + illegal) >> 1;
      if (this.#isIllegal(returned.slice(0, middle))) illegal = middle;
      else legal = middle;
    }
    const prefix = returned.slice(0, illegal);
    // Of the whole it is known, unless it has operations of unknown outcome.
    const isKnown = illegal === this.#calls.length;
    return this.#isIllegal(prefix) || isKnown ? prefix : undefined;
  }

  /** The last operation alone, or with one of the same name that was answered the same. */
  #guess(prefix: readonly Call[]): readonly Call[] | undefined {
    const last = prefix.at(-1);
    if (last === undefined) return undefined;
    const answer = canonicalJson(last.output);
    const same = prefix
      .slice(0, -1)
      .filter(({ f, output }) => f === last.f && canonicalJson(output) === answer)
      .slice(-PAIRS_MAX);
    const pairs = same.reverse().map((one) => [one, last]);
    return [[last], ...pairs].find((calls) => this.#isIllegal(calls));
  }

  /** First whole clients, then what is left in ever smaller parts. */
  #reduce(calls: readonly Call[]): readonly Call[] {
    const isIllegal = (left: readonly Call[]) => this.#isIllegal(left);
    const deadline = this.#deadline;
    const byClient = (left: readonly Call[]) => [
      ...Map.groupBy(left, ({ process }) => process).values(),
    ];
    const oneByOne = (left: readonly Call[]) => left.map((call) => [call]);
    const fewer = shrink(calls, { isIllegal, removable: byClient, deadline });
    return shrink(fewer, { isIllegal, removable: oneByOne, deadline });
  }

  #isIllegal(calls: readonly Call[]): boolean {
    const deadline = Math.min(this.#deadline, performance.now() + ATTEMPT_MS);
    const found = this.#search.explain(this.#indexes(calls), { deadline, silence: this.#silence });
    if (found.kind === 'illegal') this.#proof = found;
    return found.kind === 'illegal';
  }

  #indexes(calls: readonly Call[]): number[] {
    return calls.map((call) => this.#indexOf.get(call) ?? 0).sort((a, b) => a - b);
  }

  #describe(calls: readonly Call[]): Counterexample {
    const strict = this.#indexes(calls);
    const operations = strict.map((index) => this.#operations[index] as Operation);
    const { order = [], stuck, states = [] } = this.#proof ?? {};
    const places = order.map((index) => strict.indexOf(index));
    return {
      operations,
      others: this.#operations.length - operations.length,
      sentence: sentenceFor(this.#declared, {
        operations,
        order: places,
        stuck: stuck === undefined ? undefined : this.#operations[stuck],
        states,
      }),
      order: places,
    };
  }
}
