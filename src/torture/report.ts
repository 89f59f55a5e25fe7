import type { PackedHistogram } from './histogram.ts';
import type { Mode } from './plan.ts';
import type { Verdict, Violation } from './verdict.ts';

/** What became of one declaration in one mode. Plain data. */
export interface RunReport {
  readonly name: string;
  readonly title: string | undefined;
  readonly mode: Mode;
  readonly seed: string;
  readonly verdict: Verdict;
  /** Why it is unknown. */
  readonly reason: string | undefined;
  readonly violations: readonly Violation[];
  /** Figures without a part in the verdict. */
  readonly notes: readonly string[];
  /** What the scenario's source asked for, where it named a figure. */
  readonly target: string | undefined;
  readonly workers: number;
  readonly clients: number;
  readonly repeats: number;
  readonly operations: number;
  readonly outcomes: Readonly<Record<'ok' | 'fail' | 'info', number>>;
  /** Of the measured phases: share of operations that met one of another client. */
  readonly overlap: number;
  readonly maxConcurrency: number;
  /** Between the first and the last client to begin a round. */
  readonly skewMs: { readonly median: number; readonly max: number };
  readonly latencyMs: Latency;
  /** Durations of the measured phases by operation, in nanoseconds. */
  readonly histograms: Readonly<Record<string, PackedHistogram>>;
  readonly durationMs: number;
  readonly replay: string;
}

export interface Latency {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Every run of one call, with what is needed to repeat it. Plain data. */
export interface Report {
  readonly verdict: Verdict;
  readonly seed: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly environment: Environment;
  readonly runs: readonly RunReport[];
  readonly replay: string;
}

export interface Environment {
  readonly node: string;
  readonly sqlite: string | undefined;
  readonly platform: string;
  readonly cpus: number;
  readonly cpu: string;
  readonly memoryBytes: number;
}

/** Exit status of a command line: 0 ok, 1 a violation, 3 unknown. */
export function exitStatus(report: Pick<Report, 'verdict'>): number {
  return { ok: 0, violation: 1, unknown: 3 }[report.verdict];
}
