import type { Operation } from '../declare/operation.ts';
import type { Counterexample } from '../judge/verdict.ts';

/**
 * What a counterexample says of one of its operations: its place in the order that explains most of
 * them, from 1, or that it has none there; undefined where nothing is said.
 */
export type Standing = number | 'none' | undefined;

/** The standing of each operation. What may never have happened needs no place. */
export function standingsOf({ operations, order }: Counterexample): Map<Operation, Standing> {
  const places = new Map(order.map((operation, place) => [operation, place + 1]));
  return new Map(
    operations.map((operation, index) => {
      const isMissed = order.length > 0 && operation.outcome === 'ok';
      return [operation, places.get(index) ?? (isMissed ? 'none' : undefined)];
    }),
  );
}
