import type { Call } from '../check/call.ts';
import { shrink } from '../check/shrink.ts';
import type { Operation } from '../declare/operation.ts';
import type { Explanation } from './exploration.ts';
import { callOf } from './partitions.ts';
import type { RelaxedSearch } from './relaxed-search.ts';
import { ValueInterner } from './value-interner.ts';

/** Operations that cannot be, by their numbers, which are in order. */
export interface Core {
  readonly strict: readonly number[];
  /** Those of them without any one of which it could be, if there are too many to show all. */
  readonly shown: readonly number[];
  readonly proof: Explanation;
  /** Whether all are shown, and few. */
  readonly isClear: boolean;
}

/** Longest time of one attempt to do with fewer operations, and its share of what is left. */
const ATTEMPT_MS = 200;
const ATTEMPT_SHARE = 0.15;

/** So many can be shown as they are. */
const FEW = 6;

/** Operations with the same answer that are tried as the other half of a pair. */
const PAIRS_MAX = 8;

/** Operations by which a beginning is made longer, where it turns out to be too short. */
const STEPS = [0, 1, 2, 4, 8, 16];

/** Operations that are left out together where each attempt takes long. */
const TOGETHER = 4;

const UNDECIDED: Explanation = { kind: 'undecided', order: [], stuck: undefined, state: undefined };

/** Takes operations out of the strict ones for as long as the others cannot be without them. */
export class Reduction {
  readonly #deadline: number;
  readonly #search: RelaxedSearch;
  readonly #calls: readonly Call[];
  /** Those that returned, in that order. */
  readonly #returned: readonly Call[];
  readonly #indexOf: ReadonlyMap<Call, number>;

  constructor(operations: readonly Operation[], search: RelaxedSearch, deadline: number) {
    this.#deadline = deadline;
    this.#search = search;
    this.#calls = operations.map(callOf);
    this.#indexOf = new Map(this.#calls.map((call, index) => [call, index]));
    this.#returned = this.#calls
      .filter(({ end }) => end !== Number.POSITIVE_INFINITY)
      .sort((a, b) => a.end - b.end);
  }

  /** How many operations had returned when it could no longer be. */
  shortest(): number | undefined {
    const total = this.#returned.length;
    let legal = 0;
    // A fault shows early as a rule, and few operations are judged in no time.
    let illegal = Math.min(FEW, total);
    while (illegal < total && !this.#isIllegal(this.#returned.slice(0, illegal))) {
      legal = illegal;
      illegal = Math.min(2 * illegal, total);
    }
    while (illegal - legal > 1) {
      const middle = (legal + illegal) >> 1;
      if (this.#isIllegal(this.#returned.slice(0, middle))) illegal = middle;
      else legal = middle;
    }
    return this.#isBeginning(illegal) ? illegal : undefined;
  }

  /** The core of a history of which this many operations, at least, are the beginning. */
  core(beginning: number): Core | undefined {
    const counts = STEPS.map((step) => Math.min(beginning + step, this.#returned.length));
    const count = [...new Set(counts)].find((one) => this.#isBeginning(one));
    if (count === undefined) return undefined;
    const prefix = this.#returned.slice(0, count);
    const guess = this.#guess(prefix);
    if (guess) return this.#describe(guess);
    const needed = this.#needed(prefix);
    const { kind } = this.#attempt(needed);
    if (kind === 'illegal') return this.#describe(needed);
    // Where so few cannot be judged among so many others, more of them do not help.
    const strict = kind === 'undecided' ? prefix : this.#reduce(prefix, needed);
    const isClear = strict.length <= Math.max(FEW, needed.length) || needed.length === 0;
    return isClear ? this.#describe(strict) : this.#describe(prefix, needed);
  }

  #isBeginning(count: number): boolean {
    const { kind } = this.#attempt(this.#returned.slice(0, count));
    // That the whole cannot be is known, unless it has operations of unknown outcome.
    const isKnown = count === this.#calls.length;
    return kind === 'illegal' || (kind === 'undecided' && isKnown);
  }

  /** The last operation alone, or with one of the same name that was answered the same. */
  #guess(prefix: readonly Call[]): readonly Call[] | undefined {
    const last = prefix.at(-1);
    if (last === undefined) return undefined;
    const { kind } = this.#attempt([last]);
    if (kind === 'illegal') return [last];
    const answers = new ValueInterner();
    const answer = answers.of(last.output);
    const same = prefix
      .slice(0, -1)
      .filter(({ f, output }) => f === last.f && answers.of(output) === answer)
      .slice(kind === 'undecided' ? -1 : -PAIRS_MAX);
    const pairs = same.reverse().map((one) => [one, last]);
    return pairs.find((calls) => this.#isIllegal(calls));
  }

  /**
   * Operations without any one of which it could be. If it cannot be without several of them
   * together, then neither without any one: so whole parts are ruled out at once.
   */
  #needed(prefix: readonly Call[]): readonly Call[] {
    const needed: Call[] = [];
    const look = (calls: readonly Call[]): void => {
      if (calls.length === 0 || performance.now() > this.#deadline) return;
      const gone = new Set(calls);
      const { kind } = this.#attempt(prefix.filter((call) => !gone.has(call)));
      if (kind === 'illegal') return;
      if (calls.length === 1) {
        if (kind === 'possible') needed.push(...calls);
        return;
      }
      const half = calls.length >> 1;
      // What is later is nearer to the fault.
      look(calls.slice(half));
      look(calls.slice(0, half));
    };
    for (let end = prefix.length; end > 0; end -= TOGETHER) {
      look(prefix.slice(Math.max(0, end - TOGETHER), end));
    }
    return needed;
  }

  /** First whole clients, then what is left in ever smaller parts. */
  #reduce(calls: readonly Call[], needed: readonly Call[]): readonly Call[] {
    const kept = new Set(needed);
    const isIllegal = (left: readonly Call[]) => this.#isIllegal(left);
    const deadline = this.#deadline;
    const spare = (left: readonly Call[]) => left.filter((call) => !kept.has(call));
    const byClient = (left: readonly Call[]) => [
      ...Map.groupBy(spare(left), ({ process }) => process).values(),
    ];
    const oneByOne = (left: readonly Call[]) => spare(left).map((call) => [call]);
    const fewer = shrink(calls, { isIllegal, removable: byClient, deadline });
    return shrink(fewer, { isIllegal, removable: oneByOne, deadline });
  }

  #isIllegal(calls: readonly Call[]): boolean {
    return this.#attempt(calls).kind === 'illegal';
  }

  #attempt(calls: readonly Call[]): Explanation {
    const now = performance.now();
    if (now > this.#deadline) return UNDECIDED;
    const patience = Math.min(ATTEMPT_MS, (this.#deadline - now) * ATTEMPT_SHARE);
    return this.#search.explain(this.#indexes(calls), now + patience);
  }

  #indexes(calls: readonly Call[]): number[] {
    return calls.map((call) => this.#indexOf.get(call) ?? 0).sort((a, b) => a - b);
  }

  #describe(strict: readonly Call[], shown = strict): Core {
    const indexes = this.#indexes(strict);
    return {
      strict: indexes,
      shown: this.#indexes(shown),
      proof: this.#search.explain(indexes, performance.now() + ATTEMPT_MS),
      isClear: shown === strict && strict.length <= FEW,
    };
  }
}
