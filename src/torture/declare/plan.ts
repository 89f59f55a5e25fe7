import type { Input } from './input.ts';

/**
 * How the clients of a run are hosted. `interleave`: one thread, in which the rig decides what
 * happens when. `crash`: processes, which are killed and started again. `cli`: threads that call a
 * command line.
 */
export type Mode = 'interleave' | 'threads' | 'processes' | 'crash' | 'cli';

/** Ways to run a declaration: a mode, or several one after the other. */
export type RunMode = Exclude<Mode, 'cli'> | 'both' | 'auto';

/** What a plan may depend on. */
export interface Size {
  readonly mode: Mode;
  /** Full counts instead of those that fit a minute. */
  readonly full: boolean;
}

/** Clients that do the same thing. */
export interface Role<F extends string = string> {
  readonly name: string;
  readonly clients: number;
  /** The operations in turn, or drawn by weight. */
  readonly does: F | readonly F[] | Readonly<Partial<Record<F, number>>>;
  /** Operations of each client in each round. */
  readonly count: number;
  /** Instead of the operation's own `in`. */
  readonly in?: Input<unknown> | undefined;
  /** Pause between two operations. */
  readonly gapMs?: number | undefined;
  /**
   * Operations a second of each client: each is due at its time, and its latency counts from then,
   * however late the one before it returned. As fast as it can by default.
   */
  readonly rate?: number | undefined;
}

/** A stretch of the run. All clients start each round together, from a barrier. */
export interface Phase<F extends string = string> {
  readonly name: string;
  /** Default 1. Short rounds keep clients overlapping. */
  readonly rounds?: number | undefined;
  readonly roles: readonly Role<F>[];
  /** Whether it counts for overlap and latency; by default unless named prefill or settle. */
  readonly isMeasured?: boolean | undefined;
}

export interface Plan<F extends string = string> {
  readonly phases: readonly Phase<F>[];
  /** Repetitions, each with a store of its own. Default 1. */
  readonly repeats?: number | undefined;
}

export function isMeasured(phase: Phase): boolean {
  return phase.isMeasured ?? (phase.name !== 'prefill' && phase.name !== 'settle');
}

/** How many clients a plan has: those of its largest phase. */
export function clientCount(phases: readonly Phase[]): number {
  return Math.max(1, ...phases.map((phase) => sum(phase.roles.map((role) => role.clients))));
}

/** Which role a client has in a phase, and its number in it; undefined when it has none. */
export function roleOf(
  phase: Phase,
  client: number,
): { readonly role: Role; readonly member: number } | undefined {
  let first = 0;
  for (const role of phase.roles) {
    if (client < first + role.clients) return { role, member: client - first };
    first += role.clients;
  }
  return undefined;
}

/** What is done when a declaration says nothing: every client draws from all operations. */
export function defaultPlan(
  ops: readonly string[],
  options: {
    readonly clients: number;
    readonly operations: number;
    readonly rate?: number | undefined;
  },
): Plan {
  const { clients, operations, rate } = options;
  const rounds = Math.max(1, Math.ceil(operations / clients / ROUND_OPERATIONS));
  const count = Math.ceil(operations / clients / rounds);
  const does = Object.fromEntries(ops.map((f) => [f, 1]));
  return {
    phases: [{ name: 'run', rounds, roles: [{ name: 'client', clients, does, count, rate }] }],
  };
}

/** Operations of a client between two barriers: overlap decays after about that many. */
const ROUND_OPERATIONS = 20;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
