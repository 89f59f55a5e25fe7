import type { Durations } from '../calls.ts';
import { type Aggregate, aggregate } from '../model/aggregate.ts';
import { isFinal, type TaskRecord } from '../model/record.ts';
import { type Estimate, estimateOf } from './estimate.ts';
import { estimateGroup } from './group.ts';
import { type Prior, remainingAfter } from './prior.ts';
import { Priors } from './priors.ts';
import { Rest } from './rest.ts';
import { Trace } from './trace.ts';

export type { Estimate };

/** More leaves than run at once; beyond them, those that were seen first are forgotten. */
const TRACES_MAX = 10_000;

/** Until so much of a leaf is done, former runs have a say in how long the rest takes. */
const PRIOR_FRACTION = 0.1;

const NO_DURATIONS: Durations = new Map();

/** All that an estimate rests on, as of one moment. */
interface Look {
  readonly nowMs: number;
  readonly aggregates: ReadonlyMap<number, Aggregate>;
  readonly priors: Priors;
}

/**
 * Foretells when tasks will end, from how their leaves move and from how long tasks of the same path
 * took. All times given to it are epoch ms of a clock that does not jump, as
 * `performance.timeOrigin + performance.now()`; of a single look it makes what can be made.
 */
export class Forecast {
  readonly #traces = new Map<number, Trace>();

  /**
   * Takes the progress of a running leaf as of a moment, the first time at its start if that is seen:
   * then no clock but the caller's counts. What `of` is shown need not be said here.
   */
  observe(task: number, progress: number, atMs: number): void {
    const trace = this.#traces.get(task);
    if (trace) trace.add(progress, atMs);
    else this.#keep(task, new Trace(progress, atMs));
  }

  /**
   * Estimates of the active ones among the tasks of a job, by their ids. Takes parents before their
   * children, notes how far they are, and forgets those that have ended.
   */
  of(
    tasks: readonly TaskRecord[],
    nowMs: number,
    durations: Durations = NO_DURATIONS,
  ): Map<number, Estimate> {
    const look = { nowMs, aggregates: aggregate(tasks), priors: new Priors(tasks, durations) };
    const estimates = new Map<number, Estimate>();
    const rests = new Map<number, Rest>();
    for (let at = tasks.length - 1; at >= 0; at -= 1) {
      const task = tasks[at];
      if (task === undefined) continue;
      const estimate = this.#estimate(task, rests.get(task.id), look);
      if (estimate) estimates.set(task.id, estimate);
      if (task.parent === null || task.isExcluded) continue;
      const rest = rests.get(task.parent) ?? new Rest();
      rest.add({
        weight: weightOf(task, look.aggregates),
        fraction: look.aggregates.get(task.id)?.fraction ?? null,
        elapsedMs: this.#elapsedMs(task, nowMs),
        estimate,
      });
      rests.set(task.parent, rest);
    }
    return estimates;
  }

  #estimate(task: TaskRecord, rest: Rest | undefined, look: Look): Estimate | undefined {
    if (isFinal(task.status)) {
      this.#traces.delete(task.id);
      return undefined;
    }
    const prior = look.priors.get(task.id);
    if (task.kind === 'leaf') return this.#ofLeaf(task, prior, look.nowMs);
    const aggregate = look.aggregates.get(task.id);
    if (aggregate === undefined) return undefined;
    const elapsedMs = this.#elapsedMs(task, look.nowMs);
    return estimateGroup(task, { rest: rest ?? new Rest(), aggregate, prior, elapsedMs });
  }

  #ofLeaf(task: TaskRecord, prior: Prior | undefined, nowMs: number): Estimate {
    const { status, volume } = task;
    if (status === 'pending') {
      return estimateOf(null, prior?.medianMs ?? (volume === 0 ? 0 : null), prior);
    }
    const trace = this.#traceOf(task, nowMs);
    const ratePerSecond = trace.ratePerSecond(nowMs);
    const expectedMs = prior ? remainingAfter(prior, this.#elapsedMs(task, nowMs)) : null;
    if (volume === null) return estimateOf(ratePerSecond, expectedMs, prior);
    if (trace.progress >= volume) return estimateOf(ratePerSecond, 0, prior);
    const measuredMs = trace.remainingMs(volume - trace.progress, nowMs);
    const trust = Math.min(1, trace.progress / (volume * PRIOR_FRACTION));
    return estimateOf(ratePerSecond, mixed(measuredMs, expectedMs, trust), prior);
  }

  /** Of a running leaf, with what its record says. */
  #traceOf({ id, progress, startedAt }: TaskRecord, nowMs: number): Trace {
    const found = this.#traces.get(id);
    const isStarted = startedAt !== null && startedAt <= nowMs;
    const trace = found ?? (isStarted ? new Trace(0, startedAt) : new Trace(progress, nowMs));
    if (found === undefined) this.#keep(id, trace);
    else if (isStarted) trace.begin(startedAt);
    trace.add(progress, nowMs);
    return trace;
  }

  #keep(task: number, trace: Trace): void {
    this.#traces.set(task, trace);
    if (this.#traces.size <= TRACES_MAX) return;
    for (const first of this.#traces.keys()) {
      this.#traces.delete(first);
      return;
    }
  }

  #elapsedMs({ id, startedAt, finishedAt }: TaskRecord, nowMs: number): number {
    const from = this.#traces.get(id)?.startedAt ?? startedAt;
    return from === null ? 0 : Math.max(0, (finishedAt ?? nowMs) - from);
  }
}

function mixed(measured: number | null, expected: number | null, trust: number): number | null {
  if (measured === null || expected === null) return measured ?? expected;
  return trust * measured + (1 - trust) * expected;
}

/** How much a task counts within the one that it is a part of. */
function weightOf(task: TaskRecord, aggregates: ReadonlyMap<number, Aggregate>): number {
  if (task.weight !== null) return task.weight;
  const isByVolume = task.parent !== null && aggregates.get(task.parent)?.isByVolume === true;
  return isByVolume ? (aggregates.get(task.id)?.volume ?? 0) : 1;
}
