import type { AnyDeclared } from '../declare/declaration.ts';
import type { Phase } from '../declare/plan.ts';
import type { Fault } from '../faults/fault.ts';
import { BoundedSearch } from './bounded.ts';
import { Cast } from './cast.ts';
import { FaultDrawer } from './fault-drawer.ts';
import { assertAllFit, assertFit, Unfit } from './fitness.ts';
import { watchForeignWork } from './foreign-work.ts';
import { drawProgram } from './program.ts';
import type { Limits } from './scheduler.ts';
import type { Scene, Take } from './simulation.ts';
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
  readonly onNote: (note: string) => void;
}

/** What breaks a promise. */
export interface Found {
  readonly scene: Scene;
  readonly take: Take;
  readonly cast: Cast;
}

/** Schedules of one program: the inputs matter as much as the order. */
const SCHEDULES_PER_PROGRAM = 100;

/** Of one schedule: it is called endless after so many steps in which nobody got anything done. */
export const LIMITS: Limits = { steps: 6000, foreignMs: 2000 };

/** A store that begins nothing foreign in so many schedules is trusted not to. */
const WATCHED = 100;

const PREEMPTIONS_MAX = 3;
const PCT_DEPTHS = [2, 3, 4];

/**
 * Tries one schedule after the other until one is a violation, and answers that one: programs drawn
 * from the seed, each with the schedules of few preemptions first and then with random ones. The
 * machine is simulated meanwhile.
 * @throws Unfit
 */
export async function explore(
  declared: AnyDeclared,
  options: ExploreOptions,
): Promise<Found | undefined> {
  const { seed, phases, clients, schedules, limitMs, signal } = options;
  using watch = new DisposableStack();
  watch.use(watchForeignWork());
  const cast = await Cast.load(declared, clients);
  const { instances } = cast;
  const faulty = new FaultDrawer(seed, options.faults, clients);
  const deadline = performance.now() + limitMs;
  let longest = LONGEST_MIN;
  let isQuiet = true;
  let isBroken = false;
  let tried = 0;
  for (let repeat = 0; tried < schedules; repeat += 1) {
    const program = drawProgram(declared, { seed, repeat, phases });
    const scene: Scene = { instances, program, seed, repeat, limits: LIMITS };
    const count = Math.min(SCHEDULES_PER_PROGRAM, schedules - tried);
    if (repeat === 0) isBroken = await assertFit(cast, scene, 0);
    faulty.begin(repeat);
    for (const strategy of portfolio(`${seed}/${repeat}`, count)) {
      signal?.throwIfAborted();
      const struck = { ...scene, fault: faulty.next() };
      const take = await cast.play(struck, strategy(longest));
      if (take.heldUp !== undefined) throw new Unfit(take.heldUp);
      tried += 1;
      isQuiet &&= take.foreign.length === 0;
      if (isQuiet && tried === WATCHED) watch.dispose();
      faulty.learn(take);
      options.onTake(take, struck);
      const [violation] = take.violations;
      if (violation) {
        const promise = violation.invariant;
        const sure = await cast.confirm(struck, take, { promise, sure: true });
        if (sure) {
          if (!isBroken) await assertAllFit(cast, scene);
          return { scene: struck, take: sure, cast };
        }
        options.onNote(`'${promise}' was broken once, but not by modules that were loaded anew`);
      }
      if (performance.now() > deadline) return undefined;
      longest = Math.max(longest, take.choices.length);
    }
  }
  return undefined;
}

/** PCT spreads its changes over as many steps as the longest schedule so far had, or that. */
const LONGEST_MIN = 10;

/** Half of them with few preemptions, in order; the rest by chance, in two ways by turns. */
function* portfolio(seed: string, count: number): Generator<(steps: number) => Strategy, void> {
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
      ? (steps) => new PctStrategy(name, { depth, steps })
      : () => new RandomStrategy(name);
  }
}
