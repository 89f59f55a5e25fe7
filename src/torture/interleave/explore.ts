import type { AnyDeclared } from '../declaration.ts';
import type { Fault } from '../faults/fault.ts';
import type { Phase } from '../plan.ts';
import { BoundedSearch } from './bounded.ts';
import { FaultDrawer } from './fault-drawer.ts';
import { assertFit } from './fitness.ts';
import { withoutWatch } from './foreign-work.ts';
import { importInstances } from './instances.ts';
import { drawProgram } from './program.ts';
import type { Limits } from './scheduler.ts';
import { type Scene, simulate, type Take } from './simulation.ts';
import type { Strategy } from './step.ts';
import { PctStrategy, RandomStrategy } from './strategy.ts';

export interface ExploreOptions {
  readonly seed: string;
  readonly phases: readonly Phase[];
  readonly clients: number;
  /** Schedules to try. */
  readonly schedules: number;
  readonly faults: readonly Fault[];
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
  /** Told of every schedule. */
  readonly onTake: (take: Take, scene: Scene) => void;
}

/** Schedules of one program: the inputs matter as much as the order. */
const SCHEDULES_PER_PROGRAM = 100;

/** Of one schedule: it is called endless after so many steps. */
export const LIMITS: Limits = { steps: 20_000, foreignMs: 2000 };

/** A store that begins nothing foreign in so many schedules is trusted not to. */
const WATCHED = 100;

const PREEMPTIONS_MAX = 3;
const PCT_DEPTHS = [2, 3, 4];

/**
 * Tries one schedule after the other until one is a violation, and answers that one: programs drawn
 * from the seed, each with the schedules of few preemptions first and then with random ones. The
 * machine is simulated meanwhile.
 */
export async function explore(
  declared: AnyDeclared,
  options: ExploreOptions,
): Promise<{ readonly scene: Scene; readonly take: Take } | undefined> {
  const { seed, phases, clients, schedules, limitMs, signal } = options;
  const instances = await importInstances(declared, clients);
  const deadline = performance.now() + limitMs;
  using stack = new DisposableStack();
  let isQuiet = true;
  let tried = 0;
  for (let repeat = 0; tried < schedules; repeat += 1) {
    const program = drawProgram(declared, { seed, repeat, phases });
    const scene: Scene = { instances, program, seed, repeat, limits: LIMITS };
    const count = Math.min(SCHEDULES_PER_PROGRAM, schedules - tried);
    if (repeat === 0) await assertFit(scene);
    const faulty = new FaultDrawer(`${seed}/${repeat}`, options.faults, clients);
    for (const strategy of portfolio(`${seed}/${repeat}`, count)) {
      signal?.throwIfAborted();
      const struck = { ...scene, fault: faulty.next() };
      const take = await simulate(struck, strategy());
      tried += 1;
      isQuiet &&= take.foreign.length === 0;
      if (isQuiet && tried === WATCHED) stack.use(withoutWatch());
      faulty.learn(take);
      options.onTake(take, struck);
      if (take.violations.length > 0) return { scene: struck, take };
      if (performance.now() > deadline) return undefined;
      longest = Math.max(longest, take.choices.length);
    }
  }
  return undefined;
}

/** Of the schedules so far: PCT spreads its changes over as many steps. */
let longest = 10;

/** Half of them with few preemptions, in order; the rest by chance, in two ways by turns. */
function* portfolio(seed: string, count: number): Generator<() => Strategy, void> {
  let given = 0;
  for (let preemptions = 0; preemptions <= PREEMPTIONS_MAX; preemptions += 1) {
    const search = new BoundedSearch(preemptions);
    do {
      yield () => search;
      given += 1;
      if (given >= count / 2) break;
    } while (search.next());
    if (given >= count / 2) break;
  }
  for (; given < count; given += 1) {
    const name = `${seed}/${given}`;
    const depth = PCT_DEPTHS[given % PCT_DEPTHS.length] ?? 2;
    yield given % 2 === 0
      ? () => new PctStrategy(name, { depth, steps: longest })
      : () => new RandomStrategy(name);
  }
}
