/** What an input is drawn from: who asks, when, and a stream of random numbers of this client. */
export interface Draw {
  /** Number of the client in the run. */
  readonly client: number;
  /** Number of the client in its role. */
  readonly member: number;
  /** Number of the repetition, each of which has a store of its own. */
  readonly repeat: number;
  readonly round: number;
  /** How many operations of this phase the client has begun before. */
  readonly nth: number;
  /** An integer from 0 up to, not including, `below`. */
  int(below: number): number;
  /** One of the items. */
  pick<T>(items: readonly T[]): T;
}

/** Draws the input of one operation. It is plain data: it is shown in reports and sent to workers. */
export type Input<I> = (draw: Draw) => I;

/** One of `count` keys: `k0`, `k1`, … */
export function key(count: number): Input<string> {
  return (draw) => `k${draw.int(count)}`;
}

/** A text that no other operation of the run is given. */
export function unique(): Input<string> {
  return (draw) => `c${draw.client}-r${draw.round}-${draw.nth}`;
}

/** An integer from `min` to `max`, both included. */
export function integer(min: number, max: number): Input<number> {
  return (draw) => min + draw.int(max - min + 1);
}

/** The same value always. */
export function constant<const I>(value: I): Input<I> {
  return () => value;
}

/** An object with one drawn value a field. */
export function rec<const F extends Readonly<Record<string, Input<unknown>>>>(
  fields: F,
): Input<{ readonly [K in keyof F]: F[K] extends Input<infer I> ? I : never }> {
  type Drawn = { readonly [K in keyof F]: F[K] extends Input<infer I> ? I : never };
  return (draw) =>
    Object.fromEntries(Object.entries(fields).map(([name, input]) => [name, input(draw)])) as Drawn;
}
