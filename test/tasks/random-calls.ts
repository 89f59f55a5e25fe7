import fc from 'fast-check';
import { group, iterative, leaf, type Plan } from '../../src/tasks.ts';

/** A call of a random series. `job` and `task` mean one of those there are then, by any number. */
export interface Call {
  readonly kind: (typeof KINDS)[number];
  readonly job: number;
  readonly task: number;
  readonly amount: number;
  readonly plan: Plan;
  /** Of a failure: with its ancestors; of a removal: with force; of a registration: to replace. */
  readonly flag: boolean;
}

// How often each one stands here is how often it is drawn.
const KINDS = [
  ...(['register', 'start', 'start', 'start', 'finish', 'finish', 'finish', 'fail'] as const),
  ...(['cancel', 'next', 'next', 'next', 'add', 'advance', 'advance', 'setVolume'] as const),
  'remove',
] as const;

const options = fc.record({
  weight: fc.constantFrom(undefined, undefined, 1, 2.5),
  unit: fc.constantFrom(undefined, undefined, undefined, 'rows'),
});

const leaves = fc
  .tuple(options, fc.constantFrom(undefined, 0, 1, 10, 1000))
  .map(([common, volume]) => leaf('leaf', { ...common, volume }));

/** Trees of at most `depth` levels below their root. */
function plans(depth: number): fc.Arbitrary<Plan> {
  if (depth === 0) return leaves;
  const inner = plans(depth - 1);
  const groups = fc
    .tuple(options, fc.constantFrom('sequential', 'parallel'), fc.array(inner, { maxLength: 3 }))
    .map(([common, mode, children]) => group(mode, children, { ...common, mode }));
  const rounds = fc
    .tuple(
      options,
      fc.constantFrom('fixed', 'dynamic', 'open'),
      fc.array(inner, { minLength: 1, maxLength: 2 }),
      fc.integer({ min: 1, max: 3 }),
    )
    .map(([common, mode, round, count]) =>
      iterative(mode, round, { ...common, mode, rounds: mode === 'open' ? undefined : count }),
    );
  return fc.oneof(leaves, groups, groups, rounds);
}

const call: fc.Arbitrary<Call> = fc.record({
  kind: fc.constantFrom(...KINDS),
  job: fc.nat(99),
  task: fc.nat(99),
  amount: fc.constantFrom(0, 0.5, 7, 1000),
  plan: plans(2),
  flag: fc.boolean(),
});

/** Series of calls, the first of which registers a job. */
export function randomCalls(minLength: number, maxLength: number): fc.Arbitrary<readonly Call[]> {
  const first = fc
    .record({ plan: plans(3) })
    .map(({ plan }): Call => ({ kind: 'register', job: 0, task: 0, amount: 0, plan, flag: false }));
  return fc
    .tuple(first, fc.array(call, { minLength, maxLength, size: 'max' }))
    .map(([one, others]) => [one, ...others]);
}
