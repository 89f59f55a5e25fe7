import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyDeclared } from '../declare/declaration.ts';
import type { Mode } from '../declare/plan.ts';
import type { Fault } from '../faults/fault.ts';
import { worst } from '../judge/verdict.ts';
import { describeEnvironment } from '../report/environment.ts';
import type { Report, RunReport } from '../report/report.ts';
import { PoolSet, type WorkerLimits } from './pool-set.ts';
import type { Workload } from './protocol.ts';
import { runDeclared } from './run.ts';
import type { RunOptions, RunProgress } from './run-options.ts';

/** What every kind of run can be told. */
export interface CommonOptions extends WorkerLimits {
  /** Fresh by default. Inputs depend on it alone; how real workers interleave does not. */
  readonly seed?: string | undefined;
  /** Full counts instead of those that fit a minute. */
  readonly full?: boolean | undefined;
  /** Module of another implementation of the store: a path or a URL. */
  readonly subject?: string | undefined;
  /** Writes each history as NDJSON; runs and repetitions are told apart in the name. */
  readonly history?: string | undefined;
  /** Longest time in which no operation returns. Default 60,000. */
  readonly stallMs?: number | undefined;
  /** Longest time of one run. Default 240,000, tenfold with `full`. */
  readonly limitMs?: number | undefined;
  /** Ends a run at its first violation. */
  readonly bails?: boolean | undefined;
  /** Workers that outlive the call. */
  readonly pools?: PoolSet | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TortureEvent) => void) | undefined;
}

/** What a run tells while it goes on. */
export type TortureEvent =
  | { readonly type: 'begin'; readonly seed: string; readonly runs: number }
  | { readonly type: 'run'; readonly name: string; readonly title?: string; readonly mode: Mode }
  | ({ readonly type: 'progress'; readonly name: string; readonly mode: Mode } & RunProgress)
  | { readonly type: 'verdict'; readonly run: RunReport }
  | { readonly type: 'end'; readonly report: Report };

/** One run of a series. */
export interface Planned {
  readonly declared: AnyDeclared;
  readonly mode: Mode;
  readonly workload: Workload;
  readonly title?: string | undefined;
  readonly target?: string | undefined;
  readonly faults?: readonly Fault[] | undefined;
  readonly schedules?: number | undefined;
  /** Where the user names no module of their own. */
  readonly subject?: string | undefined;
  /** Tells apart runs of one declaration in one mode. */
  readonly note?: string | undefined;
  /** Where the user says nothing of it. */
  readonly stallMs?: number | undefined;
  /** How to run it alone. */
  readonly again: string;
  /** In mode interleave: a token. */
  readonly replay?: string | undefined;
  readonly regressionTest?: RunOptions['regressionTest'];
}

export interface SeriesOptions extends CommonOptions {
  readonly seed: string;
  /** How to run all of them again. */
  readonly again: string;
  /** Ends the series at the first run with a violation. */
  readonly stopsAtViolation?: boolean | undefined;
}

/** Runs one after the other, those of one mode together, and answers with verdicts. */
export async function runSeries(
  planned: readonly Planned[],
  options: SeriesOptions,
): Promise<Report> {
  if (!options.pools) {
    await using pools = new PoolSet(options);
    return await runSeries(planned, { ...options, pools });
  }
  const startedAt = Date.now();
  const before = performance.now();
  const emit = options.onEvent ?? (() => undefined);
  emit({ type: 'begin', seed: options.seed, runs: planned.length });
  const runs: RunReport[] = [];
  for (const one of byMode(planned)) {
    const run = await runOne(one, options, options.pools, planned.length);
    runs.push(run);
    emit({ type: 'verdict', run });
    if (options.stopsAtViolation && run.verdict === 'violation') break;
  }
  const report: Report = {
    verdict: worst(runs.map((run) => run.verdict)),
    seed: options.seed,
    startedAt,
    durationMs: performance.now() - before,
    environment: describeEnvironment(),
    runs,
    replay: options.again,
  };
  emit({ type: 'end', report });
  return report;
}

/** One mode after the other, so that idle workers of one do not burden the other. */
function byMode(planned: readonly Planned[]): readonly Planned[] {
  const modes = new Set(planned.map(({ mode }) => mode));
  return [...modes].flatMap((mode) => planned.filter((one) => one.mode === mode));
}

async function runOne(
  one: Planned,
  options: SeriesOptions,
  pools: PoolSet,
  runs: number,
): Promise<RunReport> {
  const { declared, mode } = one;
  const { name } = declared;
  const { seed, full = false, subject = one.subject, bails, signal, history, onEvent } = options;
  await pools.keepOnly(mode);
  onEvent?.({ type: 'run', name, title: one.title ?? name, mode });
  return runDeclared(declared, {
    ...one,
    ...{ seed, full, bails, signal },
    subject: subject && subjectUrl(subject),
    stallMs: options.stallMs ?? one.stallMs ?? STALL_MS,
    limitMs: options.limitMs ?? (full ? 10 * LIMIT_MS : LIMIT_MS),
    pool: pools.of(mode),
    historyFile: historyFileOf(history, one, runs),
    onProgress: (progress) => onEvent?.({ type: 'progress', name, mode, ...progress }),
  });
}

// Beyond the lock timeout of the subjects; a machine that is only busy must not look like a deadlock.
const STALL_MS = 60_000;
const LIMIT_MS = 240_000;

function subjectUrl(subject: string): string {
  return /^(file|data):/.test(subject) ? subject : pathToFileURL(resolve(subject)).href;
}

function historyFileOf(
  file: string | undefined,
  { declared, mode, note }: Planned,
  runs: number,
): string | undefined {
  if (file === undefined || runs === 1) return file;
  const extension = extname(file);
  const which = [declared.name, mode, ...(note === undefined ? [] : [note])].join('-');
  return `${file.slice(0, file.length - extension.length)}-${which}${extension}`;
}
