import type { Operation } from '../declare/operation.ts';
import type { Mode, Size } from '../declare/plan.ts';
import type { Fault } from '../faults/fault.ts';
import type { LeakReport, RunReport } from '../report/report.ts';
import type { SlotStorage } from './slots.ts';

/** Everything a worker needs to be some of the clients of a repetition. */
export interface Job {
  readonly module: string;
  readonly declaration: string;
  /** For declarations without a plan. */
  readonly workload: Workload;
  readonly size: Size;
  /** What `create` answered. */
  readonly shared: unknown;
  readonly seed: string;
  readonly repeat: number;
  /** `process.hrtime.bigint()` at the start of the run. */
  readonly startedAt: bigint;
  /** The clients that this worker is. */
  readonly clients: readonly number[];
  readonly clientCount: number;
  /** How often the worker that it was before has been killed. */
  readonly generation: number;
  readonly slots: SlotStorage;
  /** Where a process writes what has returned; a thread sends it. */
  readonly journal: string | undefined;
  readonly spins: boolean;
}

/** Clients and operations where the declaration says nothing about them. */
export interface Workload {
  readonly clients: number;
  readonly operations: number;
  /** Operations a second of each client; as fast as they can by default. */
  readonly rate?: number | undefined;
}

/** What a worker needs to interleave a declaration. */
export interface InterleaveJob {
  readonly module: string;
  readonly declaration: string;
  /** Those of a run that are plain data. */
  readonly options: {
    readonly mode: Mode;
    readonly seed: string;
    readonly full: boolean;
    readonly workload: Workload;
    readonly limitMs: number;
    readonly faults?: readonly Fault[] | undefined;
    readonly title?: string | undefined;
    readonly target?: string | undefined;
    readonly again: string;
    readonly replay?: string | undefined;
    readonly schedules?: number | undefined;
  };
  /** Memory of a `Pulse`. */
  readonly pulse: SharedArrayBuffer;
}

/** What comes of it: a report, or what was thrown. */
export type Interleaved = RunReport | Error;

/** What a worker is told. Each is answered once, with the reply of the same name or with `failed`. */
export type Request =
  | { readonly type: 'load'; readonly job: Job }
  /** Draws inputs, then answers `armed`. A thread goes on to the gate and waits for `turn`. */
  | {
      readonly type: 'arm';
      readonly phase: number;
      readonly round: number;
      /** How many operations of the round each client has behind it, by its number. */
      readonly skipped?: Readonly<Record<number, number>> | undefined;
      readonly gate: SharedArrayBuffer | undefined;
      readonly turn: number;
    }
  /** For a process, which no gate can hold. */
  | { readonly type: 'go'; readonly deadline: bigint }
  | { readonly type: 'unload' }
  /** Opens the store as somebody new, does the final reads, and closes it. */
  | { readonly type: 'inspect'; readonly job: Job; readonly now: number }
  /** Opens, works and closes again and again, to see what that leaves behind. */
  | { readonly type: 'leaks'; readonly job: Job; readonly cycles: number; readonly dir: string }
  /** Runs schedules in that very thread. */
  | { readonly type: 'interleave'; readonly job: InterleaveJob }
  /** Holds up the event loop. Not answered. */
  | { readonly type: 'block'; readonly ms: number };

export type Reply =
  /** With the kernel's number of the thread. */
  | { readonly type: 'loaded'; readonly threadId: number | undefined }
  | { readonly type: 'armed' }
  | { readonly type: 'done'; readonly operations: readonly Operation[] }
  | { readonly type: 'unloaded' }
  | {
      readonly type: 'inspected';
      readonly operations: readonly Operation[];
      /** Why it could not be opened. */
      readonly refusal: { readonly reason: string; readonly hasCode: boolean } | undefined;
    }
  | { readonly type: 'leaks'; readonly leaks: readonly LeakReport[] }
  | {
      readonly type: 'interleaved';
      readonly interleaved: Interleaved;
      /** Whether the thread ends itself. */
      readonly isLast: boolean;
    }
  | { readonly type: 'failed'; readonly error: string };

/** Of the rig's own modules: TypeScript in a checkout, JavaScript in a package. */
export const moduleExtension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';

/** The file that a worker starts with. */
export function workerFile(name: string): URL {
  return new URL(`./${name}.${moduleExtension}`, import.meta.url);
}
