import type { Call } from '../check/call.ts';
import { callTable } from '../check/call-table.ts';
import type { Operation } from '../declare/operation.ts';
import type { Counterexample } from '../judge/verdict.ts';
import { type Standing, standingsOf } from '../order/standing.ts';
import { clockOf } from './operation-clock.ts';
import { cut, excerpt, oneLine } from './printable.ts';

/** Of what an operation threw. */
const ERROR_MAX = 40;

/**
 * A counterexample as a table with a column for each client, and the sentence beneath, unless that
 * has been said.
 */
export function counterexampleText(counterexample: Counterexample, said?: string): string {
  const { operations, others, sentence, order, schedule } = counterexample;
  const standings = standingsOf(counterexample);
  const calls = new Map(operations.map((one) => [callOf(one), one]));
  const { unit, place } = clockOf(operations, schedule !== undefined);
  const table = callTable([...calls.keys()], {
    who: 'client',
    where: unit,
    place,
    hasEchoes: false,
    remark: (call) => {
      const operation = calls.get(call);
      return operation && remarkText(operation, standings.get(operation));
    },
  });
  const legend = order.length === 0 ? [] : ['(1), (2), … the order that explains most of them'];
  return [
    table.trimEnd(),
    ...legend,
    ...(others > 0 ? [`and ${othersText(others)}`] : []),
    ...(sentence === said ? [] : [excerpt(sentence)]),
  ].join('\n');
}

/** What is not shown, since it makes no difference. */
export function othersText(others: number): string {
  const what = others === 1 ? '1 more operation' : `${others} more operations`;
  return `${what}, which may or may not have happened: it makes no difference`;
}

/** As the table of calls wants it. */
function callOf({ process, f, input, output, outcome, invokedAt, returnedAt }: Operation): Call {
  const end = returnedAt ?? Number.POSITIVE_INFINITY;
  return { process, f, key: undefined, input, output, outcome, begin: invokedAt, end };
}

function remarkText({ error }: Operation, standing: Standing): string | undefined {
  const said = error === undefined ? undefined : cut(oneLine(cut(error, ERROR_MAX)), ERROR_MAX);
  if (standing === undefined) return said;
  return [said ?? [], standing === 'none' ? 'CANNOT BE' : `(${standing})`].flat().join('  ');
}
