import { judgeInTurn } from '../check/in-turn.ts';
import { searchOrder } from '../check/wgl.ts';
import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import type { Counterexample } from '../judge/verdict.ts';
import { counterexampleOf, judgeReturned } from './counterexample.ts';
import { DeclaredMachine } from './declared-machine.ts';
import { reasonAgainst } from './meaning.ts';
import { callOf, type Partition, partitionsOf } from './partitions.ts';
import { type OperationOrder, trySmallOrder } from './small-order.ts';
import { ValueInterner } from './value-interner.ts';

/** `exhausted` and `uncertain` mean that nobody knows. */
export interface OrderVerdict {
  readonly kind: 'illegal' | 'exhausted' | 'uncertain';
  readonly partition: string;
  /** As many operations as some order could explain, and the one at which that order ends. */
  readonly explained: number;
  readonly stuck: readonly Operation[];
  readonly reason: string | undefined;
  /** The core of what is illegal. It is looked for when it is asked for, for up to 2 s. */
  readonly counterexample: () => Counterexample | undefined;
}

/** Time for all partitions, after which the search gives up, and for a first look at each. */
const PATIENCE = { limitMs: 10_000, firstLookMs: 500 };

/** Time to make a counterexample small. */
const SHRINK_MS = 2000;

/**
 * Looks for an order of the operations that respects real time and that the model explains, one
 * partition at a time, the smallest first. A `fail` did not happen. An `info` may be left out; its
 * `spec` is asked with the output undefined, and where that leads nowhere with what it may have
 * answered. If no answer comes to mind that the spec accepts, it is `uncertain`. Answers the first
 * partition that is illegal, else the first that stayed open.
 */
export function checkLinearizable(
  declared: AnyDeclared,
  operations: readonly Operation[],
): OrderVerdict | undefined {
  const parts = partitionsOf(declared, operations);
  const look = (part: Partition, deadline: number) => judge(declared, part, deadline);
  const worst = judgeInTurn(parts, look, PATIENCE);
  if (worst === undefined || worst.found.kind === 'legal') return undefined;
  const { name } = worst.part;
  const { kind, order, stuck } = worst.found;
  return {
    kind,
    partition: name,
    explained: order.length,
    stuck: stuck ? [stuck] : [],
    reason: stuck && reasonAgainst(declared, order, stuck),
    counterexample: () =>
      kind === 'illegal'
        ? counterexampleOf(declared, name, operations, performance.now() + SHRINK_MS)
        : undefined,
  };
}

interface Judged extends Omit<OperationOrder, 'kind'> {
  readonly kind: OperationOrder['kind'] | 'uncertain';
}

function judge(declared: AnyDeclared, { operations }: Partition, deadline: number): Judged {
  const order = trySmallOrder(declared, operations) ?? search(declared, operations, deadline);
  if (order.kind !== 'illegal' || operations.every(({ outcome }) => outcome === 'ok')) return order;
  // With answers that were not seen, but that the spec accepts, there may be an order after all.
  const found = judgeReturned(declared, operations, deadline);
  if (found === 'illegal') return order;
  if (found === 'possible') return { ...order, kind: 'legal' };
  return { ...order, kind: performance.now() > deadline ? 'exhausted' : 'uncertain' };
}

function search(
  declared: AnyDeclared,
  operations: readonly Operation[],
  deadline: number,
): OperationOrder {
  // Questions are told apart by their numbers: not every input can be written as JSON.
  const inputs = new ValueInterner();
  const calls = operations.map((one) => callOf({ ...one, input: inputs.of(one.input) }));
  const machine = new DeclaredMachine(declared, operations);
  let order = searchOrder(calls, machine, { deadline });
  // A collision of hashes can hide an order; two searches do not share one.
  if (order.kind === 'illegal') order = searchOrder(calls, machine, { deadline, salt: 1 });
  if (order.kind === 'legal') return { kind: 'legal', order: [], stuck: undefined };
  const places = new Map(calls.map((call, index) => [call, operations[index] as Operation]));
  return {
    kind: order.kind,
    order: order.order.map((call) => places.get(call) as Operation),
    stuck: order.stuck && places.get(order.stuck),
  };
}
