import { type Machine, NONE, type StateId } from '../check/machine.ts';
import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { knownOutput, meaningOf } from './meaning.ts';
import { ValueInterner } from './value-interner.ts';

type Asked = Pick<Operation, 'f' | 'input'>;

/** The declared model as a machine for these operations. */
export class DeclaredMachine implements Machine {
  readonly init: StateId;
  readonly #declared: AnyDeclared;
  readonly #operations: readonly Operation[];
  readonly #states: unknown[] = [];
  readonly #interner = new ValueInterner();
  #asks = 0;
  /** By state and operation: a search asks the same again and again. */
  readonly #steps = new Map<number, StateId | readonly StateId[]>();

  constructor(declared: AnyDeclared, operations: readonly Operation[]) {
    this.#declared = declared;
    this.#operations = operations;
    this.init = this.#idOf(declared.model?.init);
  }

  /** Nobody has said which operations only look. */
  isFree(): boolean {
    return false;
  }

  step(state: StateId, index: number): StateId | readonly StateId[] {
    const place = state * this.#operations.length + index;
    const known = this.#steps.get(place);
    if (known !== undefined) return known;
    const operation = this.#operations[index] as Operation;
    const found = this.statesAfter(state, operation, knownOutput(operation));
    const next = found.length > 1 ? found : (found[0] ?? NONE);
    this.#steps.set(place, next);
    return next;
  }

  /** Where a result leads, each state once; nowhere if it cannot be. */
  statesAfter(state: StateId, asked: Asked, output: unknown): readonly StateId[] {
    this.#asks += 1;
    const { states } = meaningOf(this.#declared, asked, output, this.#states[state]);
    if (states.length === 0) return [];
    if (states.length === 1) {
      const [only] = states;
      return [only === this.#states[state] ? state : this.#idOf(only)];
    }
    return [...new Set(states.map((one) => this.#idOf(one)))];
  }

  /** How often the declaration was asked. */
  get asks(): number {
    return this.#asks;
  }

  /** States seen so far, which are numbered from 0. */
  get size(): number {
    return this.#states.length;
  }

  stateOf(id: StateId): unknown {
    return this.#states[id];
  }

  #idOf(state: unknown): StateId {
    const id = this.#interner.of(state);
    if (id === this.#states.length) this.#states.push(state);
    return id;
  }
}
