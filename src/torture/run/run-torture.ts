import { basename, dirname, relative, resolve, sep } from 'node:path';
import { wrongArgument } from '../../errors.ts';
import { type AnyDeclared, modulePath } from '../declare/declaration.ts';
import type { Mode, RunMode } from '../declare/plan.ts';
import { freshSeed } from '../declare/random.ts';
import { crashImages, type Fault, kill } from '../faults/fault.ts';
import { type Counterexample, worst } from '../judge/verdict.ts';
import { regressionTest } from '../report/regression-test.ts';
import type { Report, RunReport } from '../report/report.ts';
import type { Workload } from './protocol.ts';
import { type CommonOptions, type Planned, runSeries } from './series.ts';

export interface DeclarationOptions extends CommonOptions {
  /**
   * `auto`, the default: interleave, threads, processes and crash, the cheapest first, until one of
   * them finds a violation. `both`: threads and processes.
   */
  readonly mode?: RunMode | undefined;
  /** Where the declaration has no plan. Default 8; in mode interleave 3. */
  readonly clients?: number | undefined;
  /** Of all clients together, where the declaration has no plan. Default 500; interleave: 9. */
  readonly operations?: number | undefined;
  /** Runs with each of these numbers of clients, where the declaration has no plan. */
  readonly matrix?: readonly number[] | undefined;
  /** In mode interleave: how many to try. Default 2,000. */
  readonly schedules?: number | undefined;
  /** What to do to processes, to files, or to calls. Mode crash kills and takes crash images. */
  readonly faults?: readonly Fault[] | undefined;
  /** Operations a second of each client, from when each is due; as fast as they can by default. */
  readonly rate?: number | undefined;
  /** A token that a run in mode interleave has given: runs that one schedule. */
  readonly replay?: string | undefined;
  /** Where a test of a counterexample is to stand, by default beside the module; see its `test`. */
  readonly regressionFile?: string | undefined;
  /** What the report says to run again; by default a line of code. */
  readonly again?: string | undefined;
}

const MODES: Readonly<Record<RunMode, readonly Exclude<Mode, 'cli'>[]>> = {
  interleave: ['interleave'],
  threads: ['threads'],
  processes: ['processes'],
  crash: ['crash'],
  both: ['threads', 'processes'],
  auto: ['interleave', 'threads', 'processes', 'crash'],
};

/** Of several modes those that the declaration is meant for. */
function modesOf(declared: AnyDeclared, mode: RunMode): readonly Exclude<Mode, 'cli'>[] {
  const modes = MODES[mode];
  if (modes.length === 1 || !declared.modes) return modes;
  const { modes: meant } = declared;
  return modes.filter((one) => meant.some((other) => other === one));
}

/**
 * Runs one declaration and answers with a verdict for each mode.
 * @throws DECLARATION_INVALID when no worker could import it
 * @throws RangeError for a matrix of a declaration that says itself how many clients there are
 */
export async function runTorture(
  declared: AnyDeclared,
  options: DeclarationOptions = {},
): Promise<Report> {
  const { seed = freshSeed(), matrix, replay } = options;
  const mode = replay === undefined ? (options.mode ?? 'auto') : 'interleave';
  if (matrix && declared.plan) {
    throw wrongArgument('range', `'${declared.name}' has a plan, which says how many clients`);
  }
  const again = options.again ?? againInCode({ ...options, seed });
  const planned = modesOf(declared, mode).flatMap((one) =>
    (matrix ?? [options.clients]).map(
      (clients): Planned => ({
        ...{ declared, mode: one, again, replay, schedules: options.schedules },
        regressionTest: (found) => testOf(declared, one, found, { ...options, seed, clients }),
        title: matrix && `${clients} client${clients === 1 ? '' : 's'}`,
        workload: workloadOf(one, { ...options, clients }),
        faults: options.faults ?? (one === 'crash' ? [kill(), crashImages()] : undefined),
      }),
    ),
  );
  const stopsAtViolation = mode === 'auto';
  const report = await runSeries(planned, { ...options, seed, again, stopsAtViolation });
  return mode === 'auto' ? withoutUnfit(report) : report;
}

/** Runs what broke a promise again: that very schedule, or the same inputs in the same mode. */
function testOf(
  declared: AnyDeclared,
  mode: Exclude<Mode, 'cli'>,
  counterexample: Counterexample,
  options: DeclarationOptions,
): string {
  const { seed, clients, operations, regressionFile } = options;
  const module = modulePath(declared);
  const path = regressionFile
    ? relative(dirname(resolve(regressionFile)), module)
        .split(sep)
        .join('/')
    : basename(module);
  return regressionTest(declared, {
    ...{ mode, seed, clients, operations, counterexample },
    module: path.startsWith('.') ? path : `./${path}`,
    replayToken: counterexample.token,
  });
}

const CLIENTS = 8;
const OPERATIONS = 500;

// Schedules of many operations are too many to try.
const INTERLEAVED_CLIENTS = 3;
const INTERLEAVED_OPERATIONS_PER_CLIENT = 3;

function workloadOf(mode: Mode, options: DeclarationOptions): Workload {
  const { rate, matrix } = options;
  if (mode !== 'interleave') {
    return {
      clients: options.clients ?? CLIENTS,
      operations: options.operations ?? OPERATIONS,
      rate,
    };
  }
  // Among several modes, these are meant for those in which they cost little.
  const isMeant = options.mode === 'interleave' || matrix !== undefined;
  const clients = (isMeant ? options.clients : undefined) ?? INTERLEAVED_CLIENTS;
  const operations = options.mode === 'interleave' ? options.operations : undefined;
  return { clients, operations: operations ?? clients * INTERLEAVED_OPERATIONS_PER_CLIENT, rate };
}

/**
 * A store that cannot be simulated is none the worse for it: where other modes have run, what they
 * say is the verdict.
 */
function withoutUnfit(report: Report): Report {
  // One whose calls are all synchronous can be simulated, but there is nothing to interleave.
  const isUnfit = ({ schedules, verdict, maxConcurrency }: RunReport) =>
    schedules !== undefined && verdict === 'unknown' && maxConcurrency < 2;
  const [first, ...others] = report.runs.filter((run) => !isUnfit(run));
  if (first === undefined) return report;
  const reasons = report.runs.filter(isUnfit).map(({ reason }) => `not interleaved: ${reason}`);
  const runs = [{ ...first, notes: [...first.notes, ...reasons] }, ...others];
  return { ...report, runs, verdict: worst(runs.map(({ verdict }) => verdict)) };
}

/** A declaration of one's own is run by code, not by the command line. */
function againInCode(options: DeclarationOptions): string {
  const { mode, clients, operations, matrix, schedules, faults, rate, seed, replay } = options;
  const words = { mode, clients, operations, matrix, schedules, faults, rate, seed, replay };
  return `runTorture(declaration, ${JSON.stringify(words)})`;
}
