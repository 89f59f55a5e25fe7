import type { Use } from './cpu.ts';
import { type Look, lookedMs, ownMsOf } from './look.ts';

/** `hung`: the worker had its time. `late`: the machine did not give it any. */
export type Overdue = 'hung' | 'late';

/**
 * The time that a worker is given for one thing: more, where the machine does not let it run. Time in
 * which nobody looked, because the rig was stopped or the machine slept, does not count.
 */
export class Allowance implements Disposable {
  /** Settles when its time is up, and not otherwise. */
  readonly isUp: Promise<Overdue>;
  readonly #timer: NodeJS.Timeout;

  /** Where the use of the worker is not known, only the clock counts. */
  constructor(limitMs: number, use: () => Use | undefined = () => undefined) {
    const { promise, resolve } = Promise.withResolvers<Overdue>();
    this.isUp = promise;
    const looks: Look[] = [lookAt(use)];
    this.#timer = setInterval(
      () => {
        looks.push(lookAt(use));
        if (ownMsOf(looks) >= limitMs) resolve('hung');
        else if (lookedMs(looks) >= PATIENCE * limitMs) resolve('late');
      },
      Math.min(LOOK_MS, limitMs / LOOKS),
    );
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Times the limit. */
const PATIENCE = 10;

const LOOK_MS = 250;
/** Within the limit, so that one of them says little. */
const LOOKS = 8;

function lookAt(use: () => Use | undefined): Look {
  return { atMs: performance.now(), clients: [], workers: [use()] };
}
