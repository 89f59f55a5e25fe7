import type { Drawn } from '../declare/draw.ts';
import { BoundedSearch } from './bounded.ts';
import type { Cast } from './cast.ts';
import { clientsOf, operationCount, type Program } from './program.ts';
import { movedTo, type SimulatedFault } from './simulated-fault.ts';
import type { Scene, Take } from './simulation.ts';
import type { Strategy } from './step.ts';
import { RandomStrategy, ReplayStrategy } from './strategy.ts';

/** A violation, made small. */
export interface Minimal {
  readonly scene: Scene;
  readonly take: Take;
}

/** Schedules that a smaller program is given to fail in. */
const ATTEMPTS = 150;
const RANDOM_ATTEMPTS = 50;

/** Time that it is given at most: what is slow to run must not take for ever to make small. */
const ATTEMPTS_MS = 500;

/** Schedules of each number of preemptions, in search of the fewest. */
const SCHEDULES_MAX = 3000;
const PREEMPTIONS_MAX = 4;
const FEWEST_MS = 2000;

export interface MinimiseOptions {
  readonly cast: Cast;
  /** By the clock of `performance`. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Makes a violation smaller: first the fault goes, then clients, then operations, as long as some
 * schedule of what is left breaks the same promise; then the schedule with the fewest preemptions is
 * looked for.
 */
export async function minimise(found: Minimal, options: MinimiseOptions): Promise<Minimal> {
  return new Minimiser(found, options).run();
}

class Minimiser {
  readonly #cast: Cast;
  readonly #deadline: number;
  readonly #signal: AbortSignal | undefined;
  readonly #promise: string;
  #scene: Scene;
  #take: Take;
  #giveUpAt = 0;
  /** Whether in the last schedule somebody else could have been next at any time. */
  #hadChoice = true;

  constructor({ scene, take }: Minimal, { cast, deadline, signal }: MinimiseOptions) {
    this.#scene = scene;
    this.#take = take;
    this.#cast = cast;
    this.#deadline = deadline;
    this.#signal = signal;
    this.#promise = take.violations[0]?.invariant ?? '';
  }

  async run(): Promise<Minimal> {
    await this.#dropFault();
    for (let goesOn = true; goesOn; ) {
      const before = operationCount(this.#scene.program);
      for (const client of clientsOf(this.#scene.program)) {
        await this.#accept(without(this.#scene.program, (one) => one === client));
      }
      await this.#dropOperations();
      goesOn = operationCount(this.#scene.program) < before && this.#isInTime();
    }
    await this.#fewestPreemptions();
    return { scene: this.#scene, take: this.#take };
  }

  async #dropFault(): Promise<void> {
    if (this.#scene.fault === undefined) return;
    const scene = { ...this.#scene, fault: undefined };
    this.#begin();
    const take =
      (await this.#try(scene, new ReplayStrategy(this.#take.choices))) ??
      (await this.#failsInSomeOrder(scene));
    if (take === undefined) return;
    this.#scene = scene;
    this.#take = take;
  }

  /** In halves, then in ever smaller parts. */
  async #dropOperations(): Promise<void> {
    let size = Math.ceil(operationCount(this.#scene.program) / 2);
    while (size >= 1 && this.#isInTime()) {
      for (let at = 0; at < operationCount(this.#scene.program); ) {
        let place = 0;
        const [from, to] = [at, at + size];
        const smaller = without(this.#scene.program, () => {
          const isIn = place >= from && place < to;
          place += 1;
          return isIn;
        });
        if (!(await this.#accept(smaller))) at += size;
      }
      size = size === 1 ? 0 : Math.ceil(size / 2);
    }
  }

  /** Takes the smaller program if it fails as well. */
  async #accept(program: Program): Promise<boolean> {
    if (operationCount(program) === 0 || !this.#isInTime()) return false;
    const found = await this.#fails({ ...this.#scene, program });
    if (found === undefined) return false;
    this.#scene = found.scene;
    this.#take = found.take;
    return true;
  }

  /** The scene with its fault, and a schedule of it, that fail; undefined when none was found. */
  async #fails(scene: Scene): Promise<{ scene: Scene; take: Take } | undefined> {
    this.#begin();
    if (scene.fault !== undefined) {
      const found = await this.#failsAtSomeMoment(scene, scene.fault);
      if (found) return found;
    }
    const take = await this.#failsInSomeOrder(scene);
    return take && { scene, take };
  }

  /** In a smaller program the fault has to come at another moment. */
  async #failsAtSomeMoment(
    scene: Scene,
    fault: SimulatedFault,
  ): Promise<{ scene: Scene; take: Take } | undefined> {
    const bare = { ...scene, fault: undefined };
    const { labels } = await this.#cast.play(bare, new BoundedSearch(0));
    for (let moment = 0; moment <= labels.length && this.#goesOn(); moment += 1) {
      const moved = { ...scene, fault: movedTo(fault, moment) };
      const take = await this.#try(moved, new BoundedSearch(0));
      if (take) return { scene: moved, take };
    }
    return undefined;
  }

  async #failsInSomeOrder(scene: Scene): Promise<Take | undefined> {
    let given = 0;
    for (const preemptions of [1, 2, 3]) {
      const search = new BoundedSearch(preemptions);
      do {
        const take = await this.#try(scene, search);
        if (take) return take;
        // Nobody else could have been next: there is no other schedule.
        if (!this.#hadChoice) return undefined;
        given += 1;
      } while (given < (ATTEMPTS * preemptions) / 3 && this.#goesOn() && search.next());
    }
    for (let attempt = 0; attempt < RANDOM_ATTEMPTS && this.#goesOn(); attempt += 1) {
      const take = await this.#try(scene, new RandomStrategy(`${scene.seed}/${attempt}`));
      if (take) return take;
    }
    return undefined;
  }

  async #fewestPreemptions(): Promise<void> {
    this.#begin(FEWEST_MS);
    for (let preemptions = 0; preemptions <= PREEMPTIONS_MAX; preemptions += 1) {
      const search = new BoundedSearch(preemptions);
      for (let tried = 0; tried < SCHEDULES_MAX && this.#goesOn(); tried += 1) {
        const take = await this.#try(this.#scene, search);
        if (take) {
          this.#take = take;
          return;
        }
        if (!search.next()) break;
      }
    }
  }

  async #try(scene: Scene, strategy: Strategy): Promise<Take | undefined> {
    const take = await this.#cast.play(scene, strategy);
    this.#hadChoice = take.choices.length > 0;
    if (!breaks(take, this.#promise)) return undefined;
    return this.#cast.confirm(scene, take, { promise: this.#promise, sure: false });
  }

  #begin(patienceMs = ATTEMPTS_MS): void {
    this.#giveUpAt = Math.min(this.#deadline, performance.now() + patienceMs);
  }

  #goesOn(): boolean {
    return performance.now() < this.#giveUpAt && !this.#signal?.aborted;
  }

  #isInTime(): boolean {
    return performance.now() < this.#deadline && !this.#signal?.aborted;
  }
}

export function breaks({ violations }: Take, promise: string): boolean {
  return violations.some(({ invariant }) => invariant === promise);
}

/** The program without the operations that `isGone` names, in order. */
function without(program: Program, isGone: (client: number, drawn: Drawn) => boolean): Program {
  return program.map((stretch) => ({
    ...stretch,
    operations: stretch.operations.map((list, client) =>
      list.filter((drawn) => !isGone(client, drawn)),
    ),
  }));
}
