import type { Mode } from '../declare/plan.ts';
import type { Verdict, Violation } from '../judge/verdict.ts';
import type { PackedHistogram } from './histogram.ts';

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
  /** With a rate: the same from when each operation was due, so that a stall counts for all it held up. */
  readonly corrected: CorrectedLatency | undefined;
  readonly faults: readonly FaultReport[];
  /** How often operations of two kinds overlapped, by `add|read`, names in order. */
  readonly pairs: Readonly<Record<string, number>>;
  readonly throughput: Throughput;
  readonly leaks: readonly LeakReport[];
  readonly timeline: Timeline;
  /** Of mode interleave. */
  readonly schedules: Schedules | undefined;
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

export interface CorrectedLatency {
  readonly latencyMs: Latency;
  readonly histograms: Readonly<Record<string, PackedHistogram>>;
}

/** What a run was armed with, and what came of it. */
export interface FaultReport {
  /** `kill`, `pause`, `power-loss`, … */
  readonly fault: string;
  readonly armed: number;
  /** Of those, how many met an operation in flight, or a call that they changed. */
  readonly hit: number;
  readonly windows: readonly FaultWindow[];
  /** Why it could not be done here. */
  readonly skipped: string | undefined;
}

export interface FaultWindow {
  readonly repeat: number;
  /** Nanoseconds since the run began. */
  readonly from: number;
  readonly to: number;
  /** Whom it met: `clients 2, 5`, `journal.db at byte 17`. */
  readonly target: string;
}

/** Operations that returned, client by client, in stretches of equal length. */
export interface Throughput {
  readonly binMs: number;
  readonly clients: readonly (readonly number[])[];
}

/** Something that grows with every cycle of opening, working and closing. */
export interface LeakReport {
  readonly what: 'descriptors' | 'files' | 'memory' | 'children';
  /** Growth a cycle, with its 95 % interval; bytes for memory, else a count. */
  readonly perCycle: number;
  readonly low: number;
  readonly high: number;
  readonly samples: readonly number[];
  /** What was left: paths, targets of descriptors, commands. */
  readonly names: readonly string[];
  readonly isLeak: boolean;
}

/** Enough of a history to draw it. */
export interface Timeline {
  /** Names of operations, to which `marks` refers by number. */
  readonly f: readonly string[];
  /** In order of their beginning; when there are more than can be kept, those of the first repetitions. */
  readonly marks: readonly TimelineMark[];
  readonly total: number;
}

/** Client, number of `f`, outcome (0 ok, 1 fail, 2 info), begin and end (-1: never) in µs. */
export type TimelineMark = readonly [number, number, 0 | 1 | 2, number, number];

export interface Schedules {
  readonly tried: number;
  /** Whether there are no others within the bounds. */
  readonly isExhaustive: boolean;
  readonly perSecond: number;
  /** Scheduling points of the longest. */
  readonly points: number;
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
