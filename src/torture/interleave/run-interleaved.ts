import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wrongArgument } from '../../errors.ts';
import type { AnyDeclared } from '../declare/declaration.ts';
import { clientCount, defaultPlan, type Phase, type Plan } from '../declare/plan.ts';
import type { Counterexample, Violation } from '../judge/verdict.ts';
import type { FaultReport, RunReport } from '../report/report.ts';
import { Tally } from '../report/tally.ts';
import { mergeFaults } from '../run/fault-reports.ts';
import type { RunOptions } from '../run/run-options.ts';
import { Cast } from './cast.ts';
import { explore, LIMITS } from './explore.ts';
import { sentenceOf, Unfit } from './fitness.ts';
import { watchForeignWork } from './foreign-work.ts';
import { markedImports } from './instances.ts';
import { type Minimal, minimise } from './minimise.ts';
import { type SimulatedFault, simulatedFaultText } from './simulated-fault.ts';
import { simulatedMachine } from './simulated-machine.ts';
import type { Scene, Take } from './simulation.ts';
import { ReplayStrategy } from './strategy.ts';
import { parseReplayToken, replayToken } from './token.ts';

/** Schedules whose operations the figures of a report are made of. */
const TALLIED = 300;

/** However short the run may be, some time is left to make it small. */
const MINIMISE_MS = 10_000;
const MINIMISE_MS_MIN = 1000;
const SCHEDULES_PER_PROGRESS = 100;

/** Runs a declaration in one thread, schedule by schedule, until one of them breaks a promise. */
export async function runInterleaved(
  declared: AnyDeclared,
  options: RunOptions,
): Promise<RunReport> {
  using _machine = simulatedMachine();
  using _imports = markedImports();
  const startedAt = performance.now();
  const { mode, full, seed, workload, title, target } = options;
  const plan = declared.plan?.({ mode, full }) ?? defaultPlan(Object.keys(declared.ops), workload);
  const clients = clientCount(plan.phases);
  const sum = new Sum(plan.phases, clients);
  const found = await findViolation(declared, { ...options, plan, clients }, sum);
  const exploredMs = performance.now() - startedAt;
  const violation = found && (await violationOf(declared, found, { ...options, startedAt }));
  options.signal?.throwIfAborted();
  const figures = sum.figures();
  if (sum.tried === 0 && sum.doubts.size === 0) sum.doubts.add('no schedule was tried');
  // One schedule shows what it shows.
  if (options.replay === undefined && sum.tried > 0 && clients > 1 && figures.maxConcurrency < 2) {
    sum.doubts.add('no operation waits for anything, so that nothing could come between');
  }
  const verdict = violation ? 'violation' : sum.doubts.size > 0 ? 'unknown' : 'ok';
  const token = violation?.counterexample?.token;
  return {
    ...{ name: declared.name, title, target, mode, seed, verdict },
    replay: token === undefined ? options.again : `holdfast torture replay ${token}`,
    reason: verdict === 'unknown' ? [...sum.doubts].join('; ') : undefined,
    ...{ workers: 1, clients, repeats: sum.tried },
    ...figures,
    leaks: [],
    schedules: {
      tried: sum.tried,
      isExhaustive: false,
      perSecond: sum.tried / (exploredMs / 1000),
      points: sum.points,
    },
    violations: violation ? [violation] : [],
    notes: [...sum.notes],
    durationMs: performance.now() - startedAt,
  };
}

/** A program and a schedule that break a promise. */
interface Found extends Minimal {
  readonly cast: Cast;
  /** Whether it is known to be small already. */
  readonly isMinimal: boolean;
}

async function findViolation(
  declared: AnyDeclared,
  options: RunOptions & { readonly plan: Plan; readonly clients: number },
  sum: Sum,
): Promise<Found | undefined> {
  const { seed, clients, schedules = SCHEDULES, limitMs, signal, plan, replay } = options;
  const onTake = (take: Take, scene: Scene) => {
    sum.add(take, scene);
    if (sum.tried % SCHEDULES_PER_PROGRESS > 0) return;
    const violations = take.violations.length;
    const { tried, operations } = sum;
    options.onProgress?.({ repeat: tried, repeats: schedules, operations, violations });
  };
  try {
    if (replay !== undefined) {
      const again = await replayOnce(declared, replay);
      if (again.take.heldUp !== undefined) throw new Unfit(again.take.heldUp);
      onTake(again.take, again.scene);
      return again.take.violations.length > 0 ? { ...again, isMinimal: true } : undefined;
    }
    const { phases } = plan;
    const { faults = [] } = options;
    const onNote = (note: string) => sum.notes.add(note);
    const settled = { seed, phases, clients, schedules, faults, limitMs, signal, onTake, onNote };
    const found = await explore(declared, settled);
    if (found) return { ...found, isMinimal: false };
    if (sum.tried < schedules) onNote(`ended after ${limitMs} ms, before all were tried`);
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Unfit) && (sum.tried > 0 || replay !== undefined)) throw error;
    // It needs more of a machine than is simulated here.
    sum.clear();
    sum.doubts.add(`the store cannot be simulated: ${sentenceOf(error)}`);
    return undefined;
  }
}

async function replayOnce(declared: AnyDeclared, token: string): Promise<Omit<Found, 'isMinimal'>> {
  const { seed, repeat, program, choices, fault } = parseReplayToken(token);
  for (const { f } of program.flatMap(({ operations }) => operations.flat())) {
    if (Object.hasOwn(declared.ops, f)) continue;
    throw wrongArgument(
      'range',
      `the token has an operation that '${declared.name}' has not: ${f}`,
    );
  }
  using _ = watchForeignWork();
  const clients = Math.max(1, ...program.map(({ operations }) => operations.length));
  const cast = await Cast.load(declared, clients);
  const { instances } = cast;
  const scene = { instances, program, seed, repeat, fault, limits: LIMITS };
  return { cast, scene, take: await cast.play(scene, new ReplayStrategy(choices)) };
}

const SCHEDULES = 2000;

/** What all schedules together showed. */
class Sum {
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

  constructor(phases: readonly Phase[], clients: number) {
    this.#phases = phases;
    this.#clients = clients;
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

  /** Times are steps here, so that there is no latency to tell. */
  figures() {
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

/** The violation of the smallest program and schedule that show it. */
async function violationOf(
  declared: AnyDeclared,
  found: Found,
  { startedAt, limitMs, signal, regressionTest }: RunOptions & { readonly startedAt: number },
): Promise<Violation | undefined> {
  const { cast } = found;
  const promise = found.take.violations[0]?.invariant ?? '';
  const limitAt = Math.max(startedAt + limitMs, performance.now() + MINIMISE_MS_MIN);
  const deadline = Math.min(limitAt, performance.now() + MINIMISE_MS);
  const minimal = found.isMinimal ? found : await minimise(found, { cast, deadline, signal });
  const { scene, take, isSame } = await replayed(minimal, found, promise);
  const violation = take.violations.find(({ invariant }) => invariant === promise);
  if (violation === undefined) return undefined;
  const operations = take.operations.toSorted((a, b) => a.invokedAt - b.invokedAt);
  const isWhole = violation.counterexample?.operations.length === operations.length;
  const { seed, repeat, program, fault } = scene;
  const token = replayToken({
    ...{ name: declared.name, seed, repeat, program, fault, choices: take.choices },
    file: relativeModule(declared),
  });
  const doubt = isSame ? '' : ' (replayed, it went another way: the store is not deterministic)';
  const counterexample: Counterexample = {
    operations,
    others: 0,
    sentence: violation.counterexample?.sentence ?? violation.message,
    order: isWhole ? (violation.counterexample?.order ?? []) : [],
    schedule: scheduleOf(take, fault),
    token,
  };
  return {
    ...violation,
    message: violation.message + doubt,
    repeat: 0,
    operations: [],
    counterexample: { ...counterexample, test: regressionTest?.(counterexample) },
  };
}

/** The smallest that breaks the promise again with modules that were loaded anew. */
async function replayed(
  minimal: Minimal,
  found: Found,
  promise: string,
): Promise<Minimal & { readonly isSame: boolean }> {
  for (const { scene, take } of [minimal, found]) {
    const again = await found.cast.replay(scene, take, promise);
    if (again) return { scene, take: again, isSame: shapeOf(again) === shapeOf(take) };
  }
  return { ...found, isSame: false };
}

/** Who did what, without the names of files, in which there may be a number that goes on counting. */
function shapeOf({ labels, end }: Take): string {
  return `${end} ${labels.map((label) => label.split(' ', 2).join(' ')).join()}`;
}

/** Steps as a reader needs them: client and what it did. */
function scheduleOf({ labels }: Take, fault: SimulatedFault | undefined): readonly string[] {
  const steps = labels.map((label) => `client ${label}`);
  return fault === undefined ? steps : [...steps, simulatedFaultText(fault)];
}

function relativeModule({ module }: AnyDeclared): string {
  return module.startsWith('file:') ? relative(process.cwd(), fileURLToPath(module)) : module;
}
