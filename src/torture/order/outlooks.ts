import type { StateId } from '../check/machine.ts';
import type { DeclaredMachine } from './declared-machine.ts';
import { SHORT_ANSWERS, type UnknownAnswers } from './unknown-answers.ts';

/** What operations ask that differ in nothing else. */
export interface Question {
  readonly f: string;
  readonly input: unknown;
  /** Whether nobody saw what they answered. */
  readonly isOpen: boolean;
  /** The only answer that counts, if there is one. */
  readonly own: readonly [unknown] | undefined;
}

/** Where an operation may lead of which only the question is known. */
export interface Outlook {
  readonly states: readonly StateId[];
  /** Whether no answer is known that it can have given. */
  readonly isUnknown: boolean;
}

/** States in which a `spec` is tried out. */
const SAMPLES_MAX = 100;

/** Where each question may lead from each state. */
export class Outlooks {
  readonly #machine: DeclaredMachine;
  readonly #answers: UnknownAnswers;
  readonly #questions: readonly Question[];
  readonly #known = new Map<number, Outlook>();
  /** By name, in how many states it was asked without an output, and whether it answered. */
  readonly #tried = new Map<string, { readonly states: number; readonly isAnswered: boolean }>();

  constructor(machine: DeclaredMachine, answers: UnknownAnswers, questions: readonly Question[]) {
    this.#machine = machine;
    this.#answers = answers;
    this.#questions = questions;
  }

  of(state: StateId, question: number): Outlook {
    const place = state * this.#questions.length + question;
    const known = this.#known.get(place);
    if (known) return this.#refreshed(known, question);
    const outlook = this.#lookOut(state, this.#questions[question] as Question);
    this.#known.set(place, outlook);
    return outlook;
  }

  #lookOut(state: StateId, asked: Question): Outlook {
    const ask = (output: unknown) => this.#machine.statesAfter(state, asked, output);
    if (asked.own) return { states: ask(asked.own[0]), isUnknown: false };
    const isTacit = this.#answers.isTacit(asked.f);
    const [first = [], ...short] = SHORT_ANSWERS.map(ask);
    // Whose answers say nothing, and mean the same whatever they are, has no others.
    if (isTacit && first.length > 0 && short.every((one) => isSame(one, first))) {
      return { states: first, isUnknown: false };
    }
    const long = this.#answers.of(asked, this.#machine.stateOf(state)).flatMap(ask);
    const states = [...new Set([...first, ...short.flat(), ...long])];
    return { states, isUnknown: states.length === 0 && !isTacit && !this.#knowsSilence(asked) };
  }

  /** More states were seen since. */
  #refreshed(known: Outlook, question: number): Outlook {
    if (!known.isUnknown || !this.#knowsSilence(this.#questions[question] as Question))
      return known;
    return { states: known.states, isUnknown: false };
  }

  /** Whether the `spec` answers somewhere when it is asked without an output: then it can refuse. */
  #knowsSilence({ f }: Question): boolean {
    const size = Math.min(this.#machine.size, SAMPLES_MAX);
    const tried = this.#tried.get(f) ?? { states: 0, isAnswered: false };
    if (tried.isAnswered || tried.states >= size) return tried.isAnswered;
    const states = Array.from({ length: size }, (_, id) => id).slice(tried.states);
    const isAnswered = this.#questions
      .filter((one) => one.f === f)
      .some((one) =>
        states.some((state) => this.#machine.statesAfter(state, one, undefined).length > 0),
      );
    this.#tried.set(f, { states: size, isAnswered });
    return isAnswered;
  }
}

function isSame(a: readonly StateId[], b: readonly StateId[]): boolean {
  return a.length === b.length && a.every((state, at) => state === b[at]);
}
