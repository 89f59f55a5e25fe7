import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { wrongArgument } from '../errors.ts';
import type { AnyDeclared } from './declaration.ts';
import { describeEnvironment } from './environment.ts';
import type { Mode } from './plan.ts';
import { PoolSet, type WorkerLimits } from './pool-set.ts';
import { type Preset, portsPresets } from './presets/ports.ts';
import { freshSeed } from './random.ts';
import type { Report, RunReport } from './report.ts';
import { type RunOptions, type RunProgress, runDeclared } from './run.ts';
import { worst } from './verdict.ts';

/** What both kinds of run can be told. */
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

export interface PresetOptions extends CommonOptions {
  /** Ids as `P5`; all of the store by default. */
  readonly presets?: readonly string[] | undefined;
  readonly store?: 'ports' | undefined;
  /** All three by default; with a subject of your own, threads and processes. */
  readonly modes?: readonly Mode[] | undefined;
}

export interface DeclarationOptions extends CommonOptions {
  /** Default threads; `both` runs it in processes after that. */
  readonly mode?: Exclude<Mode, 'cli'> | 'both' | undefined;
  /** Where the declaration has no plan. Default 8. */
  readonly clients?: number | undefined;
  /** Of all clients together, where the declaration has no plan. Default 500. */
  readonly operations?: number | undefined;
  /** What the report says to run again; by default a line of code. */
  readonly replay?: string | undefined;
}

/** What a run tells while it goes on. */
export type TortureEvent =
  | { readonly type: 'begin'; readonly seed: string; readonly runs: number }
  | { readonly type: 'run'; readonly name: string; readonly title?: string; readonly mode: Mode }
  | ({ readonly type: 'progress'; readonly name: string; readonly mode: Mode } & RunProgress)
  | { readonly type: 'verdict'; readonly run: RunReport }
  | { readonly type: 'end'; readonly report: Report };

interface Planned {
  readonly declared: AnyDeclared;
  readonly preset: Preset | undefined;
  readonly mode: Mode;
}

/**
 * Runs the scenarios of a store, each in every mode, one after the other, and answers with verdicts.
 * @throws RangeError for a preset that does not exist
 * @throws TypeError for a subject in mode `cli`, which has the command line as its subject
 */
export async function runPresets(options: PresetOptions = {}): Promise<Report> {
  const seed = options.seed ?? freshSeed();
  const modes = options.modes ?? (options.subject ? LIBRARY_MODES : ALL_MODES);
  if (options.subject && modes.includes('cli')) {
    throw wrongArgument(
      'type',
      'a subject runs in threads and processes; mode cli is the command line',
    );
  }
  const presets = selectPresets(options.presets);
  const planned = presets.flatMap((preset) =>
    modes.map((mode): Planned => ({ declared: preset.declared, preset, mode })),
  );
  const words = options.presets?.length ? [...options.presets] : [];
  const only = options.modes?.length === 1 ? ['--mode', options.modes[0] ?? ''] : [];
  const settled = { ...options, seed, clients: 8, operations: 500 };
  return runAll(planned, settled, replayOf(settled, [...words, ...only]));
}

/**
 * Runs one declaration, in threads or in processes or in both.
 * @throws DECLARATION_INVALID when no worker could import it
 */
export async function runTorture(
  declared: AnyDeclared,
  options: DeclarationOptions = {},
): Promise<Report> {
  const { seed = freshSeed(), mode = 'threads', clients = 8, operations = 500 } = options;
  const modes = mode === 'both' ? LIBRARY_MODES : [mode];
  const planned = modes.map((one) => ({ declared, preset: undefined, mode: one }));
  const settled = { ...options, seed, clients, operations };
  return runAll(planned, settled, options.replay ?? againInCode(settled, mode));
}

const LIBRARY_MODES: readonly Mode[] = ['threads', 'processes'];
const ALL_MODES: readonly Mode[] = [...LIBRARY_MODES, 'cli'];

/** The presets of these ids; all of them when there is none. @throws RangeError */
export function selectPresets(ids: readonly string[] = []): readonly Preset[] {
  if (ids.length === 0) return portsPresets;
  return ids.map((id) => {
    const found = portsPresets.find(({ declared }) => declared.name === id.toUpperCase());
    if (found) return found;
    const known = portsPresets.map(({ declared }) => declared.name).join(', ');
    throw wrongArgument('range', `there is no preset '${id}'; known are ${known}`);
  });
}

type Settled = CommonOptions & {
  readonly seed: string;
  readonly clients: number;
  readonly operations: number;
};

async function runAll(
  planned: readonly Planned[],
  options: Settled,
  replay: string,
): Promise<Report> {
  if (!options.pools) {
    await using pools = new PoolSet(options);
    return await runAll(planned, { ...options, pools }, replay);
  }
  const { pools } = options;
  const startedAt = Date.now();
  const before = performance.now();
  const emit = options.onEvent ?? (() => undefined);
  emit({ type: 'begin', seed: options.seed, runs: planned.length });
  const runs: RunReport[] = [];
  // One mode after the other, so that idle workers of one do not burden the other.
  const modes = new Set(planned.map(({ mode }) => mode));
  const inOrder = [...modes].flatMap((mode) => planned.filter((one) => one.mode === mode));
  for (const { declared, preset, mode } of inOrder) {
    const name = declared.name;
    await pools.keepOnly(mode);
    emit({ type: 'run', name, title: preset?.title ?? name, mode });
    const run = await runDeclared(declared, {
      ...commonOf(options),
      mode,
      pool: pools.of(mode),
      historyFile: historyFileOf(options.history, name, mode, planned.length),
      title: preset?.title,
      target: preset?.target,
      replay: preset ? replayOf(options, [name, '--mode', mode]) : replay,
      onProgress: (progress) => emit({ type: 'progress', name, mode, ...progress }),
    });
    runs.push(run);
    emit({ type: 'verdict', run });
  }
  const report: Report = {
    verdict: worst(runs.map((run) => run.verdict)),
    seed: options.seed,
    startedAt,
    durationMs: performance.now() - before,
    environment: describeEnvironment(),
    runs,
    replay,
  };
  emit({ type: 'end', report });
  return report;
}

type PerRun = 'mode' | 'pool' | 'historyFile' | 'title' | 'target' | 'replay' | 'onProgress';

/** What all runs of a series have in common. */
function commonOf(options: Settled): Omit<RunOptions, PerRun> {
  const { seed, full = false, subject, clients, operations, bails, signal } = options;
  return {
    ...{ seed, full, bails, signal },
    subject: subject && subjectUrl(subject),
    workload: { clients, operations },
    stallMs: options.stallMs ?? STALL_MS,
    limitMs: options.limitMs ?? (full ? 10 * LIMIT_MS : LIMIT_MS),
  };
}

// Beyond the lock timeout of the subjects; a machine that is only busy must not look like a deadlock.
const STALL_MS = 60_000;
const LIMIT_MS = 240_000;

function subjectUrl(subject: string): string {
  return /^(file|data):/.test(subject) ? subject : pathToFileURL(resolve(subject)).href;
}

function historyFileOf(
  file: string | undefined,
  name: string,
  mode: Mode,
  runs: number,
): string | undefined {
  if (file === undefined || runs === 1) return file;
  const extension = extname(file);
  return `${file.slice(0, file.length - extension.length)}-${name}-${mode}${extension}`;
}

function replayOf(options: Settled, words: readonly string[]): string {
  const subject = options.subject ? ['--subject', options.subject] : [];
  const full = options.full ? ['--full'] : [];
  return ['holdfast torture', ...words, '--seed', options.seed, ...full, ...subject].join(' ');
}

/** A declaration of one's own is run by code, not by the command line. */
function againInCode({ seed, clients, operations }: Settled, mode: string): string {
  return `runTorture(declaration, ${JSON.stringify({ mode, clients, operations, seed })})`;
}
