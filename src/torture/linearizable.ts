import type { Call } from './check/call.ts';
import { canonicalJson } from './check/intern.ts';
import { type Machine, NONE, type StateId } from './check/machine.ts';
import { type Order, searchOrder } from './check/wgl.ts';
import type { AnyDeclared, Illegal } from './declaration.ts';
import type { Operation } from './operation.ts';

/** `exhausted` and `uncertain` mean that nobody knows. */
export interface OrderVerdict {
  readonly kind: 'illegal' | 'exhausted' | 'uncertain';
  readonly partition: string;
  /** As many operations as some order could explain, and the one at which that order ends. */
  readonly explained: number;
  readonly stuck: readonly Operation[];
  readonly reason: string | undefined;
}

/** Time for one partition, after which the search gives up. */
const SEARCH_MS = 5000;

/**
 * Looks for an order of the operations that respects real time and that the model explains, one
 * partition at a time. A `fail` did not happen. An `info` may be left out; its `spec` is asked with
 * the output undefined, and where no order is found it may be that which it cannot know, so that the
 * answer is `uncertain`. Answers the first partition that is not legal.
 */
export function checkLinearizable(
  declared: AnyDeclared,
  operations: readonly Operation[],
): OrderVerdict | undefined {
  const { partition } = declared.model ?? {};
  const groups = Map.groupBy(operations, ({ input }) => partition?.(input) ?? '');
  for (const [name, group] of groups) {
    const verdict = checkPartition(declared, name, group);
    if (verdict) return verdict;
  }
  return undefined;
}

function checkPartition(
  declared: AnyDeclared,
  partition: string,
  group: readonly Operation[],
): OrderVerdict | undefined {
  const operations = group
    .filter(({ outcome }) => outcome !== 'fail')
    .toSorted((a, b) => a.invokedAt - b.invokedAt);
  const calls = operations.map(callOf);
  const machine = new DeclaredMachine(declared, operations);
  const search = (salt: number) =>
    searchOrder(calls, machine, { deadline: performance.now() + SEARCH_MS, salt });
  let order = search(0);
  // A collision of hashes can hide an order; two searches do not share one.
  if (order.kind === 'illegal') order = search(1);
  if (order.kind === 'legal') return undefined;
  const isOpen = operations.some(({ outcome }) => outcome === 'info');
  return {
    kind: order.kind === 'illegal' && isOpen ? 'uncertain' : order.kind,
    partition,
    explained: order.explained,
    stuck: stuckAt(order, calls, operations),
    reason: machine.lastReason,
  };
}

function stuckAt(
  { stuck }: Order,
  calls: readonly Call[],
  operations: readonly Operation[],
): readonly Operation[] {
  const operation = stuck && operations[calls.indexOf(stuck)];
  return operation ? [operation] : [];
}

function callOf({ process, f, input, output, outcome, invokedAt, returnedAt }: Operation): Call {
  const end = outcome === 'info' ? undefined : returnedAt;
  return {
    ...{ process, f, input, output, outcome },
    key: undefined,
    begin: invokedAt,
    end: end ?? Number.POSITIVE_INFINITY,
  };
}

/** The declared model as a machine. Equal states are told by their JSON. */
class DeclaredMachine implements Machine {
  readonly init: StateId;
  /** Why the last result that could not be could not be. */
  lastReason: string | undefined;
  readonly #declared: AnyDeclared;
  readonly #operations: readonly Operation[];
  readonly #states: unknown[] = [];
  readonly #ids = new Map<string, StateId>();
  /** By state and operation: a search asks the same again and again. */
  readonly #steps = new Map<number, StateId>();

  constructor(declared: AnyDeclared, operations: readonly Operation[]) {
    this.#declared = declared;
    this.#operations = operations;
    this.init = this.#idOf(declared.model?.init);
  }

  /** Nobody has said which operations only look. */
  isFree(): boolean {
    return false;
  }

  step(state: StateId, index: number): StateId {
    const place = state * this.#operations.length + index;
    const known = this.#steps.get(place);
    if (known !== undefined) return known;
    const next = this.#ask(state, index);
    this.#steps.set(place, next);
    return next;
  }

  #ask(state: StateId, index: number): StateId {
    const { f, input, output, outcome } = this.#operations[index] as Operation;
    const answer = outcome === 'ok' ? output : undefined;
    const found: unknown = this.#declared.ops[f]?.spec?.(this.#states[state], input, answer);
    if (isIllegal(found)) {
      if (outcome === 'ok') this.lastReason = found.illegal;
      return NONE;
    }
    if (found === false || found === undefined) return NONE;
    return found === true ? state : this.#idOf(found);
  }

  #idOf(state: unknown): StateId {
    const text = canonicalJson(state);
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#states.length;
    this.#states.push(state);
    this.#ids.set(text, id);
    return id;
  }
}

function isIllegal(step: unknown): step is Illegal {
  return typeof step === 'object' && step !== null && 'illegal' in step;
}
