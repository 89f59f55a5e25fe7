import type { Operation } from '../declare/operation.ts';
import type { DeclaredMachine } from './declared-machine.ts';
import { type Begins, type Explanation, Exploration } from './exploration.ts';
import { Outlooks, type Question } from './outlooks.ts';
import { endOf } from './small-order.ts';
import { TakenSets } from './taken-sets.ts';
import type { UnknownAnswers } from './unknown-answers.ts';
import { ValueInterner } from './value-interner.ts';

/**
 * What a relaxed operation may have answered: anything; anything, but where the `spec` knows no
 * answer nothing else than operations of its name did answer; or only what itself did.
 */
export type Freedom = 'any' | 'seen' | 'own';

/**
 * Asks of operations of one partition whether some of them, the strict ones, cannot be whatever the
 * others did. A relaxed operation may or may not have happened, at any time after its invocation.
 * What is illegal so is illegal in the history that it was taken from, since what really happened is
 * among the possibilities; and it is illegal for no other reason than the strict operations.
 */
export class RelaxedSearch {
  readonly #operations: readonly Operation[];
  readonly #ends: readonly number[];
  readonly #machine: DeclaredMachine;
  readonly #outlooks: Outlooks;
  /** Of each operation. */
  readonly #questionOf: readonly number[];
  readonly #questions: readonly Question[];
  readonly #freedom: Freedom;
  /** Names of operations that were seen to change a state. */
  readonly #movers = new Set<string>();
  #hasMetUnknown = false;

  /** `operations` are sorted by `invokedAt`; none is a `fail`. */
  constructor(
    operations: readonly Operation[],
    machine: DeclaredMachine,
    answers: UnknownAnswers,
    freedom: Freedom,
  ) {
    this.#operations = operations;
    this.#ends = operations.map(endOf);
    this.#machine = machine;
    this.#freedom = freedom;
    const interner = new ValueInterner();
    const questions: Question[] = [];
    this.#questionOf = operations.map(({ f, input, outcome, output }) => {
      const isOpen = outcome === 'info';
      const own = freedom === 'own' && !isOpen ? ([output] as const) : undefined;
      const id = interner.of([f, input, isOpen, own]);
      if (id === questions.length) questions.push({ f, input, isOpen, own });
      return id;
    });
    this.#questions = questions;
    this.#outlooks = new Outlooks(machine, answers, questions);
  }

  /** Whether a search was cut short by an operation of which no answer is known. */
  get hasMetUnknown(): boolean {
    return this.#hasMetUnknown;
  }

  /**
   * What becomes of the operations with these numbers, which are in order and returned. The deadline
   * is on the clock of `performance.now()`.
   */
  explain(strict: readonly number[], deadline: number): Explanation {
    const spans = strict.map((index) => ({
      begin: this.#operations[index]?.invokedAt ?? 0,
      end: this.#ends[index] ?? 0,
    }));
    const begins = this.#beginsOfOthers(strict);
    const nameOf = (index: number) => this.#operations[index]?.f ?? '';
    const changes = (place: number) => this.#movers.has(nameOf(strict[place] as number));
    for (;;) {
      const search = new Exploration({
        ...{ deadline, machine: this.#machine, outlooks: this.#outlooks, strict, begins },
        taken: new TakenSets(spans, changes),
        knowsAll: (question) => this.#freedom !== 'any' && !this.#questions[question]?.isOpen,
        nameOf,
        movers: this.#movers,
      });
      const found = search.run();
      this.#hasMetUnknown ||= search.hasMetUnknown;
      // It took for a look what turned out to be more: again, knowing better.
      if (!search.wasMistaken) return found;
    }
  }

  /** When the operations began that are not strict, as far as that is soon enough to matter. */
  #beginsOfOthers(strict: readonly number[]): Begins[] {
    const own = new Set(strict);
    const last = strict.reduce((end, index) => Math.max(end, this.#ends[index] ?? 0), 0);
    const begins = new Map<number, number[]>();
    for (const [index, { invokedAt }] of this.#operations.entries()) {
      if (own.has(index) || invokedAt > last) continue;
      const question = this.#questionOf[index] as number;
      const known = begins.get(question);
      if (known) known.push(invokedAt);
      else begins.set(question, [invokedAt]);
    }
    return [...begins].map(([question, starts]) => ({ question, starts }));
  }
}
