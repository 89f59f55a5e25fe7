import { extname } from 'node:path';
import { describeError } from './client.ts';
import type { AnyDeclared, Broken, Finding } from './declaration.ts';
import { Histogram } from './histogram.ts';
import { eventsOf, History, writeHistory } from './history.ts';
import { checkLinearizable } from './linearizable.ts';
import { measureOverlap, type Overlap } from './overlap.ts';
import { clientCount, defaultPlan, isMeasured, type Mode, type Plan } from './plan.ts';
import type { Pool } from './pool.ts';
import type { Workload } from './protocol.ts';
import { type Repetition, runRepetition } from './repetition.ts';
import type { Latency, RunReport } from './report.ts';
import type { Violation } from './verdict.ts';
import { inFlightTable } from './watchdog.ts';

export interface RunSettings {
  readonly mode: Mode;
  readonly pool: Pool;
  readonly seed: string;
  readonly full: boolean;
  readonly subject: string | undefined;
  readonly workload: Workload;
  readonly stallMs: number;
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
  readonly historyFile: string | undefined;
  readonly title: string | undefined;
  readonly target: string | undefined;
  readonly replay: string;
  readonly onProgress: (done: RunProgress) => void;
}

export interface RunProgress {
  readonly repeat: number;
  readonly repeats: number;
  /** Operations that have returned since the run began. */
  readonly operations: number;
}

/**
 * Runs a declaration in one mode, repetition by repetition, and stops at the first violation.
 * @throws WORKER_FAILED when the store cannot even be created; the signal's reason
 */
export async function runDeclared(
  declared: AnyDeclared,
  settings: RunSettings,
): Promise<RunReport> {
  const { mode, full, workload } = settings;
  const size = { mode, full };
  const plan = declared.plan?.(size) ?? defaultPlan(Object.keys(declared.ops), workload);
  const startedAt = process.hrtime.bigint();
  const limitAt = startedAt + BigInt(Math.round(settings.limitMs * 1e6));
  const tally = new Tally(declared, plan, settings);
  const repeats = plan.repeats ?? 1;
  for (let repeat = 0; repeat < repeats && tally.goesOn; repeat += 1) {
    await runRepetition(
      {
        ...settings,
        declared,
        plan,
        size,
        repeat,
        startedAt,
        limitAt,
        onRound: (operations) => {
          tally.returned += operations;
          settings.onProgress({ repeat, repeats, operations: tally.returned });
        },
      },
      (repetition) => tally.judge(repetition, repeat, process.hrtime.bigint() - startedAt),
    );
  }
  return tally.report(Number(process.hrtime.bigint() - startedAt) / 1e6);
}

/** What the repetitions of a run add up to. */
class Tally {
  returned = 0;
  readonly #declared: AnyDeclared;
  readonly #plan: Plan;
  readonly #settings: RunSettings;
  readonly #violations: Violation[] = [];
  readonly #reasons: string[] = [];
  readonly #notes: string[] = [];
  readonly #histograms = new Map<string, Histogram>();
  readonly #outcomes = { ok: 0, fail: 0, info: 0 };
  readonly #skews: number[] = [];
  readonly #overlaps: (Overlap & { operations: number })[] = [];
  #workers = 0;
  #repeats = 0;

  constructor(declared: AnyDeclared, plan: Plan, settings: RunSettings) {
    this.#declared = declared;
    this.#plan = plan;
    this.#settings = settings;
  }

  get goesOn(): boolean {
    return this.#violations.length === 0 && this.#reasons.length === 0;
  }

  async judge(repetition: Repetition, repeat: number, now: bigint): Promise<void> {
    const history = new History(repetition.operations);
    this.#count(repetition, history);
    this.#export(history, repeat);
    this.#judgeEnd(repetition, repeat, Number(now));
    const violate = (invariant: string, broken: Broken) =>
      this.#violations.push({ ...broken, invariant, repeat, operations: broken.operations ?? [] });
    const bugs = history.operations.filter((operation) => operation.isBug);
    for (const bug of bugs.slice(0, EXAMPLES_MAX)) {
      violate('no-bug', { message: `${bug.f} threw ${bug.error}`, operations: [bug] });
    }
    if (repetition.stall?.kind !== 'stalled') {
      for (const [name, broken] of await this.#checkInvariants(history, repetition.shared)) {
        violate(name, broken);
      }
      this.#checkExpectations(history, violate);
    }
    this.#notes.push(
      ...history.notes.map((note) => (repeat === 0 ? note : `${note} (#${repeat})`)),
    );
  }

  report(durationMs: number): RunReport {
    const { mode, seed, title, target, replay } = this.#settings;
    const all = new Histogram();
    for (const histogram of this.#histograms.values()) all.merge(histogram);
    const { fraction, maxConcurrency } = this.#overlap();
    const hasCompany = clientCount(this.#plan.phases.filter(isMeasured)) > 1;
    if (hasCompany && fraction === 0) {
      this.#reasons.push('no two operations overlapped: raise clients, rounds or operations');
    }
    const isViolated = this.#violations.length > 0;
    return {
      name: this.#declared.name,
      title,
      mode,
      seed,
      verdict: isViolated ? 'violation' : this.#reasons.length > 0 ? 'unknown' : 'ok',
      reason: this.#reasons[0],
      violations: this.#violations,
      notes: this.#notes,
      target,
      workers: this.#workers,
      clients: clientCount(this.#plan.phases),
      repeats: this.#repeats,
      operations: this.#outcomes.ok + this.#outcomes.fail + this.#outcomes.info,
      outcomes: this.#outcomes,
      overlap: fraction,
      maxConcurrency,
      skewMs: skewOf(this.#skews),
      latencyMs: latencyOf(all),
      histograms: Object.fromEntries([...this.#histograms].map(([f, one]) => [f, one.pack()])),
      durationMs,
      replay,
    };
  }

  #count(repetition: Repetition, history: History): void {
    this.#repeats += 1;
    this.#workers = Math.max(this.#workers, repetition.workers);
    this.#skews.push(...repetition.skews);
    const names = new Set(this.#plan.phases.filter(isMeasured).map((phase) => phase.name));
    const measured = history.operations.filter((operation) => names.has(operation.phase));
    this.#overlaps.push({ ...measureOverlap(measured), operations: measured.length });
    for (const { outcome } of history.operations) this.#outcomes[outcome] += 1;
    for (const { f, invokedAt, returnedAt } of measured) {
      if (returnedAt === undefined) continue;
      const histogram = this.#histograms.get(f) ?? new Histogram();
      this.#histograms.set(f, histogram);
      histogram.record(returnedAt - invokedAt);
    }
  }

  #export(history: History, repeat: number): void {
    const { historyFile } = this.#settings;
    if (historyFile === undefined) return;
    const extension = extname(historyFile);
    const stem = historyFile.slice(0, historyFile.length - extension.length);
    const isOnly = (this.#plan.repeats ?? 1) === 1;
    const file = isOnly ? historyFile : `${stem}-${repeat + 1}${extension}`;
    writeHistory(file, eventsOf(history.operations, this.#declared.model?.partition));
  }

  /** Deaths and stalls. */
  #judgeEnd(repetition: Repetition, repeat: number, now: number): void {
    const abandoned = repetition.operations.filter((one) => one.returnedAt === undefined);
    for (const message of repetition.deaths) {
      this.#violations.push({ invariant: 'workers-live', message, repeat, operations: abandoned });
    }
    const { stall } = repetition;
    if (stall === undefined) return;
    const message = [stall.message, ...inFlightTable(stall.inFlight, now)].join('\n');
    if (stall.kind === 'stalled' && stall.inFlight.length > 0) {
      this.#violations.push({ invariant: 'no-deadlock', message, repeat, operations: abandoned });
    } else this.#reasons.push(message);
  }

  async #checkInvariants(history: History, shared: unknown): Promise<[string, Broken][]> {
    const { store, invariants = {} } = this.#declared;
    if (Object.keys(invariants).length === 0) return [];
    const handle: unknown = await store.open(shared);
    const broken: [string, Broken][] = [];
    try {
      for (const [name, check] of Object.entries(invariants)) {
        try {
          const found = brokenOf((await check(handle, history, shared)) ?? undefined);
          broken.push(...found.map((one): [string, Broken] => [name, one]));
        } catch (error) {
          const { code, message } = describeError(error);
          broken.push([name, { message: `${code}: ${message}` }]);
        }
      }
    } finally {
      await store.close?.(handle);
    }
    return broken;
  }

  #checkExpectations(
    history: History,
    violate: (expectation: string, broken: Broken) => void,
  ): void {
    const { expect = [], ops, model } = this.#declared;
    if (expect.includes('all-ok')) {
      const failed = history.operations.filter((one) => one.outcome !== 'ok' && !one.isBug);
      for (const one of failed.slice(0, EXAMPLES_MAX)) {
        violate('all-ok', { message: `${one.f} did not succeed`, operations: [one] });
      }
    }
    if (!expect.includes('linearizable') || model === undefined) return;
    const result = checkLinearizable(history.operations, ops, model);
    if (result.verdict === 'violation') violate('linearizable', result);
    else if (result.verdict === 'unknown') this.#reasons.push(result.message);
  }

  #overlap(): Overlap {
    const total = this.#overlaps.reduce((sum, one) => sum + one.operations, 0);
    const met = this.#overlaps.reduce((sum, one) => sum + one.fraction * one.operations, 0);
    return {
      fraction: total === 0 ? 0 : met / total,
      maxConcurrency: Math.max(0, ...this.#overlaps.map((one) => one.maxConcurrency)),
    };
  }
}

/** Of the same kind of trouble this many examples are enough. */
const EXAMPLES_MAX = 3;

function brokenOf(finding: Finding): Broken[] {
  if (finding === undefined || finding === true) return [];
  if (finding === false) return [{ message: 'does not hold' }];
  if (typeof finding === 'string') return [{ message: finding }];
  if (isList(finding)) return finding.flatMap(brokenOf).slice(0, EXAMPLES_MAX);
  return [finding];
}

function isList(
  finding: Broken | readonly (string | Broken)[],
): finding is readonly (string | Broken)[] {
  return Array.isArray(finding);
}

function skewOf(skews: readonly number[]): RunReport['skewMs'] {
  const sorted = skews.toSorted((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return { median: median / 1e6, max: (sorted.at(-1) ?? 0) / 1e6 };
}

function latencyOf(histogram: Histogram): Latency {
  const at = (quantile: number) => histogram.at(quantile) / 1e6;
  return {
    mean: histogram.mean / 1e6,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    max: histogram.max / 1e6,
  };
}
