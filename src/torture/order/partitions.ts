import type { Call } from '../check/call.ts';
import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { endOf } from './small-order.ts';

/** Operations that touch each other, in order of their beginning, without those that did not happen. */
export interface Partition {
  readonly name: string;
  readonly operations: readonly Operation[];
}

/** The smallest first. */
export function partitionsOf(
  declared: AnyDeclared,
  all: readonly Operation[],
): readonly Partition[] {
  const operations = all
    .filter(({ outcome }) => outcome !== 'fail')
    .sort((a, b) => a.invokedAt - b.invokedAt);
  const partition = declared.model?.partition;
  if (!partition) return [{ name: '', operations }];
  const groups = Map.groupBy(operations, ({ input }) => partition(input));
  return [...groups]
    .map(([name, group]) => ({ name, operations: group }))
    .sort((a, b) => a.operations.length - b.operations.length);
}

/** As a search for an order wants it. Calls of one partition need no key. */
export function callOf(operation: Operation): Call {
  const { process, f, input, output, outcome, invokedAt } = operation;
  return {
    ...{ process, f, input, output, outcome },
    key: undefined,
    begin: invokedAt,
    end: endOf(operation),
  };
}
