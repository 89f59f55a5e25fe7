import type { AnyDeclared } from '../declare/declaration.ts';
import { clientCount, defaultPlan, type Phase } from '../declare/plan.ts';
import type { Violation } from '../judge/verdict.ts';
import type { FaultReport, RunReport } from '../report/report.ts';
import { Tally } from '../report/tally.ts';
import { mergeFaults } from '../run/fault-reports.ts';
import type { InterleaveOptions } from './interleave-options.ts';
import type { Scene, Take } from './simulation.ts';

/** Schedules whose operations the figures of a report are made of. */
const TALLIED = 300;

/** Phases of a declaration as it is interleaved. */
export function phasesOf(
  declared: AnyDeclared,
  { mode, full, workload }: InterleaveOptions,
): readonly Phase[] {
  const plan = declared.plan?.({ mode, full }) ?? defaultPlan(Object.keys(declared.ops), workload);
  return plan.phases;
}

/** What is said of a store whose schedules show nothing, for that reason. */
export function unfitReport(
  declared: AnyDeclared,
  options: InterleaveOptions,
  { reason, durationMs }: { readonly reason: string; readonly durationMs: number },
): RunReport {
  const sum = new Sum(phasesOf(declared, options));
  sum.doubts.add(`the store cannot be simulated: ${reason}`);
  return sum.report(declared, options, { exploredMs: durationMs, durationMs });
}

/** What all schedules together showed. */
export class Sum {
  tried = 0;
  operations = 0;
  /** Of the longest schedule. */
  points = 0;
  readonly doubts = new Set<string>();
  readonly notes = new Set<string>();
  readonly #phases: readonly Phase[];
  readonly #clients: number;
  #tally: Tally;
  #faults: FaultReport[] = [];

  constructor(phases: readonly Phase[]) {
    this.#phases = phases;
    this.#clients = clientCount(phases);
    this.#tally = new Tally(phases);
  }

  /** As if nothing had been tried. */
  clear(): void {
    this.tried = this.operations = this.points = 0;
    this.doubts.clear();
    this.notes.clear();
    this.#tally = new Tally(this.#phases);
    this.#faults = [];
  }

  add(take: Take, { fault }: Scene): void {
    this.tried += 1;
    if (fault) {
      const hit = take.isHit ? 1 : 0;
      this.#faults.push({ fault: fault.kind, armed: 1, hit, windows: [], skipped: undefined });
    }
    this.operations += take.operations.length;
    this.points = Math.max(this.points, take.labels.length);
    if (this.tried <= TALLIED) this.#tally.add(take.operations, this.#clients);
    for (const doubt of take.doubts) this.doubts.add(doubt);
    for (const note of take.notes) this.notes.add(note);
    for (const name of take.foreign) {
      this.notes.add(`waited for ${name}, which nobody controls: a replay may differ`);
    }
    if (take.synchronous.length > 0) {
      const names = take.synchronous.join(', ');
      this.notes.add(`nothing came between synchronous calls (${names}); in processes it does`);
    }
  }

  report(
    declared: AnyDeclared,
    { mode, seed, title, target, replay, again }: InterleaveOptions,
    {
      violation,
      exploredMs,
      durationMs,
    }: {
      readonly violation?: Violation | undefined;
      readonly exploredMs: number;
      readonly durationMs: number;
    },
  ): RunReport {
    const figures = this.#figures();
    this.#doubt(replay !== undefined, figures.maxConcurrency);
    const verdict = violation ? 'violation' : this.doubts.size > 0 ? 'unknown' : 'ok';
    const token = violation?.counterexample?.token;
    return {
      ...{ name: declared.name, title, target, mode, seed, verdict },
      replay: token === undefined ? again : `holdfast torture replay ${token}`,
      reason: verdict === 'unknown' ? [...this.doubts].join('; ') : undefined,
      ...{ workers: 1, clients: this.#clients, repeats: this.tried },
      ...figures,
      leaks: [],
      schedules: {
        tried: this.tried,
        isExhaustive: false,
        perSecond: this.tried / (exploredMs / 1000),
        points: this.points,
      },
      violations: violation ? [violation] : [],
      notes: [...this.notes],
      durationMs,
    };
  }

  #doubt(isReplay: boolean, maxConcurrency: number): void {
    if (this.tried === 0 && this.doubts.size === 0) this.doubts.add('no schedule was tried');
    // One schedule shows what it shows.
    if (isReplay || this.tried === 0 || this.#clients < 2 || maxConcurrency > 1) return;
    this.doubts.add('no operation waits for anything, so that nothing could come between');
  }

  /** Times are steps here, so that there is no latency to tell. */
  #figures() {
    const nothing = { mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
    return {
      ...this.#tally.figures(),
      faults: mergeFaults(this.#faults),
      operations: this.operations,
      skewMs: { median: 0, max: 0 },
      latencyMs: nothing,
      histograms: {},
    };
  }
}
