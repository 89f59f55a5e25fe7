import type { Plan } from '../../src/torture/declare/plan.ts';

/** Clients that all do one thing, in short rounds. */
export function plan<F extends string>(
  does: F,
  { clients = 3, rounds = 3, count = 10, rate }: PlanSize = {},
): () => Plan<F> {
  const roles = [{ name: 'client', clients, does, count, rate }];
  return () => ({ phases: [{ name: 'run', rounds, roles }] });
}

export interface PlanSize {
  readonly clients?: number;
  readonly rounds?: number;
  readonly count?: number;
  readonly rate?: number;
}
