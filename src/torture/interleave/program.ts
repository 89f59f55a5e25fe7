import type { AnyDeclared } from '../declare/declaration.ts';
import { type Drawn, drawRound } from '../declare/draw.ts';
import { clientCount, isMeasured, type Phase } from '../declare/plan.ts';

/** What every client does in a stretch that all begin together. */
export interface Stretch {
  readonly phase: string;
  readonly isMeasured: boolean;
  /** By client. */
  readonly operations: readonly (readonly Drawn[])[];
}

/** What is done, whatever the order in which it happens. */
export type Program = readonly Stretch[];

/** The operations of a repetition, drawn as workers would draw them. */
export function drawProgram(
  declared: AnyDeclared,
  place: { readonly seed: string; readonly repeat: number; readonly phases: readonly Phase[] },
): Program {
  const { seed, repeat, phases } = place;
  const clients = clientCount(phases);
  return phases.flatMap((phase) =>
    Array.from({ length: phase.rounds ?? 1 }, (_, round) => ({
      phase: phase.name,
      isMeasured: isMeasured(phase),
      operations: Array.from({ length: clients }, (_, client) =>
        drawRound(declared, { seed, repeat, phase, round, client }),
      ),
    })),
  );
}

/** Clients that do anything at all. */
export function clientsOf(program: Program): readonly number[] {
  const count = Math.max(0, ...program.map(({ operations }) => operations.length));
  return Array.from({ length: count }, (_, client) => client).filter((client) =>
    program.some(({ operations }) => (operations[client]?.length ?? 0) > 0),
  );
}

export function operationCount(program: Program): number {
  return program.reduce(
    (sum, { operations }) => sum + operations.reduce((count, list) => count + list.length, 0),
    0,
  );
}
