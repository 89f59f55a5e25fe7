import type { Step, Strategy } from './step.ts';
import { goOn } from './strategy.ts';

/** A place in a schedule where another step could have been taken. */
interface Branch {
  /** Places still to be tried here. */
  readonly untried: number[];
  readonly taken: number;
}

/** Choices after which a schedule lets all go on in turn: a client that spins must not do so for ever. */
const DEPTH_MAX = 400;

/**
 * Every schedule with at most so many preemptions, which take the turn from a client that could have
 * gone on: most bugs need one or two (Musuvathi and Qadeer, PLDI 2007). One instance makes all the
 * schedules, one after the other.
 */
export class BoundedSearch implements Strategy {
  readonly #preemptions: number;
  readonly #branches: Branch[] = [];
  #depth = 0;
  #used = 0;

  constructor(preemptions: number) {
    this.#preemptions = preemptions;
  }

  choose(enabled: readonly Step[], last: number): number {
    const depth = this.#depth++;
    if (depth >= DEPTH_MAX) return depth % enabled.length;
    let branch = this.#branches[depth];
    if (branch === undefined) {
      branch = this.#branch(enabled, last);
      this.#branches.push(branch);
    }
    // Where a store does not behave the same twice, the place may be gone.
    const place = Math.min(branch.taken, enabled.length - 1);
    if (isPreemption(enabled, place, last)) this.#used += 1;
    return place;
  }

  /** Begins the next schedule; false when there is none. */
  next(): boolean {
    this.#depth = 0;
    this.#used = 0;
    for (;;) {
      const branch = this.#branches.pop();
      if (branch === undefined) return false;
      const place = branch.untried.pop();
      if (place === undefined) continue;
      this.#branches.push({ untried: branch.untried, taken: place });
      return true;
    }
  }

  #branch(enabled: readonly Step[], last: number): Branch {
    const taken = goOn(enabled, last);
    const mayPreempt = this.#used < this.#preemptions;
    const untried = [...enabled.keys()]
      .filter((place) => place !== taken && (mayPreempt || !isPreemption(enabled, place, last)))
      .reverse();
    return { untried, taken };
  }
}

/** Whether taking this place takes the turn from a client that could go on. */
export function isPreemption(enabled: readonly Step[], place: number, last: number): boolean {
  return enabled[place]?.client !== last && enabled.some(({ client }) => client === last);
}
