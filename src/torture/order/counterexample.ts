import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import type { Counterexample } from '../judge/verdict.ts';
import { sentenceFor } from './counterexample-sentence.ts';
import { DeclaredMachine } from './declared-machine.ts';
import type { Explanation } from './exploration.ts';
import { partitionsOf } from './partitions.ts';
import { type Core, Reduction } from './reduction.ts';
import { type Freedom, RelaxedSearch } from './relaxed-search.ts';
import { endOf } from './small-order.ts';
import { UnknownAnswers } from './unknown-answers.ts';

/** More operations show nobody anything. */
const OPERATIONS_MAX = 40;

/** Shares of the time after which the next way is tried: first to the shortest beginning. */
const SHARES: Readonly<Record<'beginning' | Freedom, number>> = {
  beginning: 0.3,
  any: 0.65,
  seen: 0.8,
  own: 1,
};

/**
 * Of a history that is known not to be linearizable, the smallest core it can find: operations of
 * the partition that cannot all have been as they were seen, whether the others happened or not, when
 * they did after they were invoked, and whatever they answered. Where a `spec` knows no answer that
 * another operation may have given, or there are too many, only what they were seen to answer
 * counts. Where the others can be in too many states to look at, some have to be as they were seen
 * too: then it is those without any one of which it could be, and the sentence says how many go with
 * them. Undefined if nothing is found by the deadline, on the clock of `performance.now()`.
 */
export function counterexampleOf(
  declared: AnyDeclared,
  partition: string,
  operations: readonly Operation[],
  deadline: number,
): Counterexample | undefined {
  const part = partitionsOf(declared, operations).find(({ name }) => name === partition);
  if (part === undefined) return undefined;
  const core = coreOf(declared, part.operations, deadline);
  if (core === undefined || core.shown.length > OPERATIONS_MAX) return undefined;
  const { strict, shown, proof } = core;
  const found = shown.map((index) => part.operations[index] as Operation);
  const order = proof.order.map((index) => shown.indexOf(index)).filter((place) => place >= 0);
  return {
    operations: found,
    others: part.operations.length - strict.length,
    sentence: sentenceFor(declared, {
      ...{ operations: found, order, state: proof.state },
      stuck: proof.stuck === undefined ? undefined : part.operations[proof.stuck],
      beside: strict.length - shown.length,
    }),
    order,
  };
}

/**
 * What becomes of the operations that returned, whatever those of unknown outcome did. The deadline
 * is on the clock of `performance.now()`.
 */
export function judgeReturned(
  declared: AnyDeclared,
  operations: readonly Operation[],
  deadline: number,
): Explanation['kind'] {
  const machine = new DeclaredMachine(declared, operations);
  const search = new RelaxedSearch(operations, machine, new UnknownAnswers(operations), 'any');
  const returned = [...operations.keys()].filter((index) => isReturned(operations[index]));
  return search.explain(returned, deadline).kind;
}

function isReturned(operation: Operation | undefined): boolean {
  return operation !== undefined && endOf(operation) !== Number.POSITIVE_INFINITY;
}

/** Tries to leave the others all freedom, and less of it as long as that does not show enough. */
function coreOf(
  declared: AnyDeclared,
  operations: readonly Operation[],
  deadline: number,
): Core | undefined {
  const start = performance.now();
  const until = (share: number) => start + (deadline - start) * share;
  const machine = new DeclaredMachine(declared, operations);
  const answers = new UnknownAnswers(operations);
  const searchOf = (freedom: Freedom) => new RelaxedSearch(operations, machine, answers, freedom);
  const own = searchOf('own');
  const beginningOf = (search: RelaxedSearch) =>
    new Reduction(operations, search, until(SHARES.beginning)).shortest();
  const beginning = beginningOf(own) ?? beginningOf(searchOf('any'));
  if (beginning === undefined) return undefined;
  let best: Core | undefined;
  let hasMetUnknown = false;
  for (const freedom of ['any', 'seen', 'own'] as const) {
    if (freedom === 'seen' && !hasMetUnknown) continue;
    const search = freedom === 'own' ? own : searchOf(freedom);
    const core = new Reduction(operations, search, until(SHARES[freedom])).core(beginning);
    hasMetUnknown ||= search.hasMetUnknown;
    if (core && (best === undefined || weight(core) < weight(best))) best = core;
    if (best?.isClear) return best;
  }
  return best;
}

/** What has to be taken for granted counts, though less than what is shown. */
function weight({ strict, shown, isClear }: Core): number {
  return isClear ? 0 : shown.length + Math.sqrt(strict.length - shown.length);
}
