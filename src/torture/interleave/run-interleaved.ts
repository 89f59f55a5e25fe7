import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wrongArgument } from '../../errors.ts';
import type { AnyDeclared } from '../declare/declaration.ts';
import { clientCount, type Phase } from '../declare/plan.ts';
import type { Counterexample, Violation } from '../judge/verdict.ts';
import type { RunReport } from '../report/report.ts';
import { Cast } from './cast.ts';
import { explore, LIMITS } from './explore.ts';
import { sentenceOf, Unfit } from './fitness.ts';
import { watchForeignWork } from './foreign-work.ts';
import { markedImports } from './instances.ts';
import type { InterleaveOptions } from './interleave-options.ts';
import { type Minimal, minimise } from './minimise.ts';
import { type SimulatedFault, simulatedFaultText } from './simulated-fault.ts';
import { simulatedMachine } from './simulated-machine.ts';
import type { Scene, Take } from './simulation.ts';
import { ReplayStrategy } from './strategy.ts';
import { phasesOf, Sum } from './sum.ts';
import { parseReplayToken, type Replay, replayToken } from './token.ts';

/** However short the run may be, some time is left to make it small. */
const MINIMISE_MS = 10_000;
const MINIMISE_MS_MIN = 1000;
const SCHEDULES_PER_PROGRESS = 100;

/** Runs a declaration in this very thread, schedule by schedule, until one of them breaks a promise. */
export async function runInterleaved(
  declared: AnyDeclared,
  options: InterleaveOptions,
): Promise<RunReport> {
  using _machine = simulatedMachine();
  using _imports = markedImports();
  const startedAt = performance.now();
  const phases = phasesOf(declared, options);
  const sum = new Sum(phases);
  const found = await findViolation(declared, { ...options, phases }, sum);
  const exploredMs = performance.now() - startedAt;
  const violation = found && (await violationOf(declared, found, { ...options, startedAt }));
  options.signal?.throwIfAborted();
  const durationMs = performance.now() - startedAt;
  return sum.report(declared, options, { violation, exploredMs, durationMs });
}

/** A program and a schedule that break a promise. */
interface Found extends Minimal {
  readonly cast: Cast;
  /** Whether it is known to be small already. */
  readonly isMinimal: boolean;
}

async function findViolation(
  declared: AnyDeclared,
  options: InterleaveOptions & { readonly phases: readonly Phase[] },
  sum: Sum,
): Promise<Found | undefined> {
  const { seed, phases, schedules = SCHEDULES, limitMs, signal, replay } = options;
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
    const { faults = [] } = options;
    const clients = clientCount(phases);
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

/**
 * What a token says, of this very store.
 * @throws RangeError
 */
export function replayOf(declared: AnyDeclared, token: string): Replay {
  const replay = parseReplayToken(token);
  for (const { f } of replay.program.flatMap(({ operations }) => operations.flat())) {
    if (Object.hasOwn(declared.ops, f)) continue;
    throw wrongArgument(
      'range',
      `the token has an operation that '${declared.name}' has not: ${f}`,
    );
  }
  return replay;
}

async function replayOnce(declared: AnyDeclared, token: string): Promise<Omit<Found, 'isMinimal'>> {
  const { seed, repeat, program, choices, fault } = replayOf(declared, token);
  using _ = watchForeignWork();
  const clients = Math.max(1, ...program.map(({ operations }) => operations.length));
  const cast = await Cast.load(declared, clients);
  const { instances } = cast;
  const scene = { instances, program, seed, repeat, fault, limits: LIMITS };
  return { cast, scene, take: await cast.play(scene, new ReplayStrategy(choices)) };
}

/** Where nobody says how many. */
export const SCHEDULES = 2000;

/** The violation of the smallest program and schedule that show it. */
async function violationOf(
  declared: AnyDeclared,
  found: Found,
  { startedAt, limitMs, signal }: InterleaveOptions & { readonly startedAt: number },
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
    counterexample,
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
