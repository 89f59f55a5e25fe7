import type { Drawn } from '../draw.ts';
import { BoundedSearch } from './bounded.ts';
import { clientsOf, operationCount, type Program } from './program.ts';
import { movedTo, type SimulatedFault } from './simulated-fault.ts';
import { type Scene, simulate, type Take } from './simulation.ts';
import { RandomStrategy } from './strategy.ts';

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

/**
 * Makes a violation smaller: first clients go, then operations, as long as some schedule of what is
 * left breaks the same promise; then the schedule with the fewest preemptions is looked for.
 */
export async function minimise(
  found: { readonly scene: Scene; readonly take: Take },
  deadline: number,
): Promise<Minimal> {
  return new Minimiser(found, deadline).run();
}

class Minimiser {
  readonly #deadline: number;
  readonly #promise: string;
  #scene: Scene;
  #take: Take;
  #giveUpAt = 0;

  constructor({ scene, take }: { readonly scene: Scene; readonly take: Take }, deadline: number) {
    this.#scene = scene;
    this.#take = take;
    this.#deadline = deadline;
    this.#promise = take.violations[0]?.invariant ?? '';
  }

  async run(): Promise<Minimal> {
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
    this.#giveUpAt = Math.min(this.#deadline, performance.now() + ATTEMPTS_MS);
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
    const { labels } = await simulate({ ...scene, fault: undefined }, new BoundedSearch(0));
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
    this.#giveUpAt = Math.min(this.#deadline, performance.now() + FEWEST_MS);
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

  async #try(scene: Scene, strategy: BoundedSearch | RandomStrategy): Promise<Take | undefined> {
    const take = await simulate(scene, strategy);
    return take.violations.some(({ invariant }) => invariant === this.#promise) ? take : undefined;
  }

  #goesOn(): boolean {
    return performance.now() < this.#giveUpAt;
  }

  #isInTime(): boolean {
    return performance.now() < this.#deadline;
  }
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
