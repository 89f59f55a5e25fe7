import { Interner } from './check/intern.ts';
import type { StateId } from './check/machine.ts';
import type { AnyDeclared } from './declaration.ts';
import { DeclaredMachine } from './declared-machine.ts';
import type { Operation } from './operation.ts';
import { endOf } from './small-order.ts';
import { TakenSets } from './taken-sets.ts';
import { UnknownAnswers } from './unknown-answers.ts';

/** What becomes of strict operations among relaxed ones. */
export interface Explanation {
  /** `possible` as well if it was not found out. */
  readonly kind: 'illegal' | 'possible';
  /** The order that explains most of the strict ones, by their numbers. */
  readonly order: readonly number[];
  /** The strict one that no continuation of it reaches in time. */
  readonly stuck: number | undefined;
  /** States in which that order may end. */
  readonly states: readonly unknown[];
}

export interface RelaxedOptions {
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  /**
   * What an operation did whose `spec` knows no answer in a state: anything whatever, or what it was
   * seen to answer and else nothing.
   */
  readonly silence: 'anything' | 'nothing';
}

/** Relaxed operations that ask the same. */
interface Question {
  readonly f: string;
  readonly input: unknown;
  /** Whether nobody saw what they answered. */
  readonly isOpen: boolean;
}

/** Where a relaxed operation may lead. */
interface Outlook {
  readonly states: readonly StateId[];
  /** Whether no answer is known that it can have given. */
  readonly isUnknown: boolean;
}

interface Node {
  readonly taken: number;
  readonly state: StateId;
  /** How many relaxed operations of each question came before. */
  readonly used: Uint16Array;
  readonly parent: Node | undefined;
  /** The strict operation that led here, as a place among them. */
  readonly place: number | undefined;
  readonly explained: number;
}

/** Where memory gets short before the time is over. */
const NODES_MAX = 200_000;

/**
 * Asks of operations of one partition whether some of them, the strict ones, cannot be whatever the
 * others did. A relaxed operation may or may not have happened, at any time after its invocation,
 * with any answer. What is illegal so is illegal in the history that it was taken from, since what
 * really happened is among the possibilities; and it is illegal for no other reason than the strict
 * operations.
 */
export class RelaxedSearch {
  readonly #operations: readonly Operation[];
  readonly #ends: readonly number[];
  readonly #machine: DeclaredMachine;
  readonly #answers: UnknownAnswers;
  readonly #questions: Question[] = [];
  /** Of each operation. */
  readonly #questionOf: readonly number[];
  readonly #outlooks = new Map<number, Outlook>();
  #hasMetUnknown = false;

  /** `operations` are sorted by `invokedAt`; none is a `fail`. */
  constructor(declared: AnyDeclared, operations: readonly Operation[]) {
    this.#operations = operations;
    this.#ends = operations.map(endOf);
    this.#machine = new DeclaredMachine(declared, operations);
    this.#answers = new UnknownAnswers(operations);
    const interner = new Interner();
    this.#questionOf = operations.map(({ f, input, outcome }) => {
      const isOpen = outcome === 'info';
      const id = interner.of([f, input, isOpen]);
      if (id === this.#questions.length) this.#questions.push({ f, input, isOpen });
      return id;
    });
  }

  /** Whether a search was cut short by an operation of which no answer is known. */
  get hasMetUnknown(): boolean {
    return this.#hasMetUnknown;
  }

  /** What becomes of the operations with these numbers, which are in order and returned. */
  explain(strict: readonly number[], { deadline, silence }: RelaxedOptions): Explanation {
    const taken = new TakenSets(
      strict.map((index) => ({
        begin: this.#operations[index]?.invokedAt ?? 0,
        end: this.#ends[index] ?? 0,
      })),
    );
    const begins = this.#beginsOfOthers(strict);
    const seen = new Seen();
    const root: Node = {
      ...{ taken: taken.none, state: this.#machine.init, used: new Uint16Array(begins.length) },
      ...{ parent: undefined, place: undefined, explained: 0 },
    };
    seen.add(root);
    let best = root;
    const answer = (kind: Explanation['kind']) => this.#answer(kind, best, strict, taken);
    // By the number of relaxed operations, so that what was reached with fewer is known before.
    for (let level = [root]; level.length > 0; ) {
      const nodes: Node[] = [];
      while (level.length > 0) {
        const node = level.pop() as Node;
        if (node.explained > best.explained) best = node;
        if (node.explained === strict.length) return answer('possible');
        if (performance.now() > deadline || seen.size > NODES_MAX) return answer('possible');
        nodes.push(node);
        for (const place of taken.next(node.taken)) {
          for (const state of this.#statesAfter(node.state, strict[place] as number)) {
            const next: Node = {
              ...{ taken: taken.with(node.taken, place), state, used: node.used },
              ...{ parent: node, place, explained: node.explained + 1 },
            };
            if (seen.add(next)) level.push(next);
          }
        }
      }
      for (const node of nodes) {
        const limit = taken.limit(node.taken);
        for (const [question, starts] of begins.entries()) {
          const used = node.used[question] as number;
          if ((starts[used] ?? Number.POSITIVE_INFINITY) > limit) continue;
          const { states, isUnknown } = this.#outlook(node.state, question);
          if (isUnknown) {
            const mayBeAnything = silence === 'anything' || this.#questions[question]?.isOpen;
            this.#hasMetUnknown = true;
            if (mayBeAnything) return answer('possible');
          }
          for (const state of states) {
            if (state === node.state) continue;
            const more = node.used.slice();
            more[question] = used + 1;
            const next: Node = { ...node, state, used: more, parent: node, place: undefined };
            if (seen.add(next)) level.push(next);
          }
        }
        if (performance.now() > deadline) return answer('possible');
      }
    }
    return answer('illegal');
  }

  /** By question, when the operations began that are not strict. */
  #beginsOfOthers(strict: readonly number[]): number[][] {
    const begins: number[][] = this.#questions.map(() => []);
    const own = new Set(strict);
    for (const [index, { invokedAt }] of this.#operations.entries()) {
      if (!own.has(index)) begins[this.#questionOf[index] as number]?.push(invokedAt);
    }
    return begins;
  }

  #statesAfter(state: StateId, index: number): readonly StateId[] {
    const found = this.#machine.step(state, index);
    if (typeof found !== 'number') return found;
    return found < 0 ? [] : [found];
  }

  #outlook(state: StateId, question: number): Outlook {
    const place = state * this.#questions.length + question;
    const known = this.#outlooks.get(place);
    if (known) return known;
    const asked = this.#questions[question] as Question;
    const states = new Set<StateId>();
    for (const output of this.#answers.of(asked, this.#machine.stateOf(state))) {
      for (const next of this.#machine.statesAfter(state, asked, output)) states.add(next);
    }
    const isUnknown = states.size === 0 && !this.#answers.saysNothing(asked.f);
    const outlook = { states: [...states], isUnknown };
    this.#outlooks.set(place, outlook);
    return outlook;
  }

  #answer(
    kind: Explanation['kind'],
    best: Node,
    strict: readonly number[],
    taken: TakenSets,
  ): Explanation {
    const order: number[] = [];
    for (let node: Node | undefined = best; node; node = node.parent) {
      if (node.place !== undefined) order.unshift(strict[node.place] as number);
    }
    const stuck = taken.firstToEnd(best.taken);
    return {
      kind,
      order,
      stuck: stuck === undefined ? undefined : strict[stuck],
      states: [this.#machine.stateOf(best.state)],
    };
  }
}

/** Where a search has been. Who got there with fewer relaxed operations can go on no worse. */
class Seen {
  readonly #used = new Map<string, Uint16Array[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False if it is no news. */
  add({ taken, state, used }: Node): boolean {
    const place = `${taken} ${state}`;
    const known = this.#used.get(place);
    if (known === undefined) this.#used.set(place, [used]);
    else if (known.some((one) => one.every((count, at) => count <= (used[at] as number)))) {
      return false;
    } else known.push(used);
    this.#size += 1;
    return true;
  }
}
