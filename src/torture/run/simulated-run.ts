import type { AnyDeclared } from '../declare/declaration.ts';
import { Pulse } from '../interleave/pulse.ts';
import { replayOf, SCHEDULES } from '../interleave/run-interleaved.ts';
import { unfitReport } from '../interleave/sum.ts';
import type { Violation } from '../judge/verdict.ts';
import type { RunReport } from '../report/report.ts';
import type { Interleaved, InterleaveJob } from './protocol.ts';
import type { RunOptions } from './run-options.ts';
import type { Worker } from './worker.ts';

/**
 * Runs the schedules of a declaration in a thread of its own: code that computes or waits for ever
 * holds up that one, and here its end can be decided.
 * @throws RangeError for a token of something else
 * @throws the reason of the signal
 */
export async function runSimulated(declared: AnyDeclared, options: RunOptions): Promise<RunReport> {
  const { pool, signal, replay } = options;
  signal?.throwIfAborted();
  if (replay !== undefined) replayOf(declared, replay);
  const [worker] = pool.take(1);
  if (worker === undefined) throw new Error('there is no thread to simulate in');
  const startedAt = performance.now();
  const pulse = new Pulse();
  using watch = new PulseWatch(pulse, options);
  const asked = ask(worker, declared, options, pulse);
  const end = await Promise.race([asked, watch.over]);
  if ('report' in end) {
    if (end.isLast) await pool.kill();
    if (end.report instanceof Error) throw end.report;
    return withTests(end.report, options);
  }
  const frames = end.isStuck ? await framesOf(worker) : [];
  await pool.kill();
  signal?.throwIfAborted();
  const reason = [end.reason, ...frames].join(', ');
  return unfitReport(declared, options, { reason, durationMs: performance.now() - startedAt });
}

interface Answered {
  readonly report: Interleaved;
  readonly isLast: boolean;
}

/** Why nobody waits any longer. */
interface GivenUp {
  readonly reason: string;
  /** Whether it may be told what it is at. */
  readonly isStuck: boolean;
}

async function ask(
  worker: Worker,
  declared: AnyDeclared,
  options: RunOptions,
  { memory }: Pulse,
): Promise<Answered | GivenUp> {
  const { mode, seed, full, workload, limitMs, faults, title, target, again } = options;
  const { replay, schedules } = options;
  const settled = { mode, seed, full, workload, limitMs, faults, title, target, again };
  const job: InterleaveJob = {
    module: declared.module,
    declaration: declared.name,
    options: { ...settled, replay, schedules },
    pulse: memory,
  };
  try {
    const reply = await worker.ask({ type: 'interleave', job });
    if (reply.type !== 'interleaved') throw new Error(`a worker answered '${reply.type}'`);
    return { report: reply.interleaved, isLast: reply.isLast };
  } catch (error) {
    // Where it lives, it has told what went wrong.
    if (worker.isAlive || !(error instanceof Error)) throw error;
    return { reason: error.message, isStuck: false };
  }
}

const LOOK_MS = 50;

/** A thread may take that long to start and to import the declaration, on a machine that is busy. */
const START_MS = 60_000;

/** Beyond the limit of the run, for what was found to be made small and for the last schedule. */
const GRACE_MS = 10_000;

/** Beyond the limit of the run, for a schedule that does not go on at all. */
const STUCK_MS = 1000;

/** Looks from outside whether a run goes on. */
class PulseWatch implements Disposable {
  /** Settles when it is to be given up, and not otherwise. */
  readonly over: Promise<GivenUp>;
  readonly #pulse: Pulse;
  readonly #options: RunOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #listening = new AbortController();
  #beats = 0;
  #tried = 0;
  #startedMs: number | undefined;
  #idleMs = 0;
  #lookedMs = performance.now();

  constructor(pulse: Pulse, options: RunOptions) {
    this.#pulse = pulse;
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<GivenUp>();
    this.over = promise;
    this.#timer = setInterval(() => {
      const reason = this.#look();
      if (reason !== undefined) resolve({ reason, isStuck: true });
    }, LOOK_MS);
    const { signal } = this.#listening;
    const abort = () => resolve({ reason: 'nobody wants to know', isStuck: false });
    options.signal?.addEventListener('abort', abort, { once: true, signal });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#listening.abort();
  }

  #look(): string | undefined {
    const now = performance.now();
    // Where this process did not run either (it was stopped, the machine slept), nobody stalled.
    this.#idleMs += Math.min(now - this.#lookedMs, 2 * LOOK_MS);
    this.#lookedMs = now;
    const { beats } = this.#pulse;
    if (beats !== this.#beats) {
      this.#beats = beats;
      this.#idleMs = 0;
      this.#startedMs ??= now;
    }
    this.#tellProgress();
    return this.#reason(now);
  }

  #reason(now: number): string | undefined {
    const { stallMs, limitMs } = this.#options;
    const idleMs = Math.round(this.#idleMs);
    if (this.#startedMs === undefined) {
      return idleMs > START_MS ? `it was not imported within ${idleMs} ms` : undefined;
    }
    if (idleMs > stallMs) return `it has held its thread up for ${idleMs} ms`;
    const lateMs = now - this.#startedMs - limitMs;
    const isLate = lateMs > GRACE_MS || (lateMs > STUCK_MS && idleMs > STUCK_MS);
    return isLate ? `it has held its thread up beyond the ${limitMs} ms of the run` : undefined;
  }

  #tellProgress(): void {
    const { tried, operations, violations } = this.#pulse.progress;
    if (tried === this.#tried) return;
    this.#tried = tried;
    const { onProgress, schedules = SCHEDULES } = this.#options;
    onProgress?.({ repeat: tried, repeats: schedules, operations, violations });
  }
}

/** Where it hangs, innermost first. */
const FRAMES_MAX = 3;

async function framesOf(worker: Worker): Promise<readonly string[]> {
  const stack = await worker.stack();
  return (stack?.frames ?? [])
    .filter((frame) => !frame.includes('node:internal/'))
    .slice(0, FRAMES_MAX)
    .map((frame) => `at ${frame.replace(/\?holdfast-client=\d+/, '')}`);
}

/** Tests are written where the run was asked for. */
function withTests(report: RunReport, { regressionTest }: RunOptions): RunReport {
  if (regressionTest === undefined) return report;
  const withTest = (violation: Violation): Violation => {
    const { counterexample } = violation;
    if (counterexample === undefined) return violation;
    return {
      ...violation,
      counterexample: { ...counterexample, test: regressionTest(counterexample) },
    };
  };
  return { ...report, violations: report.violations.map(withTest) };
}
