import type { Mode } from '../declare/plan.ts';
import type { Fault } from '../faults/fault.ts';
import type { Counterexample } from '../judge/verdict.ts';
import type { Pool } from './pool.ts';
import type { Workload } from './protocol.ts';

/** How one declaration is run in one mode. */
export interface RunOptions {
  readonly mode: Mode;
  readonly pool: Pool;
  /** Inputs depend on it alone; how real workers interleave does not. */
  readonly seed: string;
  readonly full: boolean;
  /** Module of another implementation of the store, as a URL. */
  readonly subject?: string | undefined;
  /** Where the declaration has no plan. */
  readonly workload: Workload;
  /** Longest time in which no operation returns, and longest time of the run. */
  readonly stallMs: number;
  readonly limitMs: number;
  /** Stops at the first repetition with a violation. */
  readonly bails?: boolean | undefined;
  readonly faults?: readonly Fault[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Where histories go; a number for each repetition is put in when there are several. */
  readonly historyFile?: string | undefined;
  readonly title?: string | undefined;
  readonly target?: string | undefined;
  /** What the report says to run again. */
  readonly again: string;
  /** In mode interleave: the one schedule of this token. */
  readonly replay?: string | undefined;
  /** In mode interleave. Default 2,000. */
  readonly schedules?: number | undefined;
  /** Source of a test that shows a counterexample again. */
  readonly regressionTest?: ((found: Counterexample) => string) | undefined;
  readonly onProgress?: ((progress: RunProgress) => void) | undefined;
}

export interface RunProgress {
  readonly repeat: number;
  readonly repeats: number;
  readonly operations: number;
  readonly violations: number;
}
