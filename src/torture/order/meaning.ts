import type { AnyDeclared, Illegal, OneOf } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';

/** What a result means in a state: the states it may lead to; without any, that it cannot be. */
export interface Meaning {
  readonly states: readonly unknown[];
  /** Why it cannot be, where the declaration says. */
  readonly reason: string | undefined;
}

/** More next states than that nobody means; a generator without an end would never be done. */
const STATES_MAX = 1000;

const CANNOT_BE: Meaning = { states: [], reason: undefined };

/**
 * Asks the declaration what a result means in a state. Where its `spec` throws the result cannot be:
 * a store that answers nonsense is the usual cause.
 */
export function meaningOf(
  declared: AnyDeclared,
  { f, input }: Pick<Operation, 'f' | 'input'>,
  output: unknown,
  state: unknown,
): Meaning {
  try {
    const found: unknown = declared.ops[f]?.spec?.(state, input, output);
    if (found === true) return { states: [state], reason: undefined };
    if (found === false || found === undefined) return CANNOT_BE;
    if (typeof found !== 'object' || found === null) return { states: [found], reason: undefined };
    if (isIllegal(found)) return { states: [], reason: found.illegal };
    if (isOneOf(found)) return { states: found.oneOf, reason: undefined };
    return isGenerator(found) ? drain(found) : { states: [found], reason: undefined };
  } catch (error) {
    return { states: [], reason: `the spec of ${f} throws ${String(error)}` };
  }
}

/** The output to ask with: nobody knows that of an operation of unknown outcome. */
export function knownOutput({ outcome, output }: Operation): unknown {
  return outcome === 'ok' ? output : undefined;
}

function drain(generator: Generator<unknown, unknown>): Meaning {
  const states: unknown[] = [];
  for (;;) {
    const { done, value } = generator.next();
    if (done) {
      const isReason = typeof value === 'object' && value !== null && isIllegal(value);
      return { states, reason: isReason ? value.illegal : undefined };
    }
    if (states.push(value) > STATES_MAX)
      throw new RangeError(`it yields over ${STATES_MAX} states`);
  }
}

function isIllegal(step: object): step is Illegal {
  return 'illegal' in step;
}

function isOneOf(step: object): step is OneOf<unknown> {
  return 'oneOf' in step;
}

/** A state is plain data, so that nothing in it can be called. */
function isGenerator(step: object): step is Generator<unknown, unknown> {
  return Symbol.iterator in step && 'next' in step && typeof step.next === 'function';
}

/** States beyond that an order may end in are not looked at for a reason. */
const ENDS_MAX = 50;

/** Why an operation cannot follow others in this order, where the declaration says. */
export function reasonAgainst(
  declared: AnyDeclared,
  order: readonly Operation[],
  last: Operation,
): string | undefined {
  let states: readonly unknown[] = [declared.model?.init];
  for (const operation of order) {
    const output = knownOutput(operation);
    states = states
      .flatMap((state) => meaningOf(declared, operation, output, state).states)
      .slice(0, ENDS_MAX);
  }
  return reasonIn(declared, states, last);
}

/** Why a result cannot be in any of the states. */
export function reasonIn(
  declared: AnyDeclared,
  states: readonly unknown[],
  operation: Operation,
): string | undefined {
  const output = knownOutput(operation);
  const meanings = states.map((state) => meaningOf(declared, operation, output, state));
  return meanings.find(({ reason }) => reason !== undefined)?.reason;
}
