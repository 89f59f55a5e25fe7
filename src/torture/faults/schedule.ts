import { wrongArgument } from '../../errors.ts';
import { Random } from '../declare/random.ts';
import { shuffled } from './sample.ts';

export interface FaultTimesOptions {
  /** On average, from one time to the next. */
  readonly everyMs: number;
  /** How far a gap may be from the average, as a share of it: from 0, always equal, to 1. Default 0.5. */
  readonly jitter?: number | undefined;
}

/**
 * When a recurring fault is due: milliseconds from its beginning, ascending, without end. The first
 * comes somewhere within the first gap, so that faults of one length do not keep in step.
 * @throws RangeError
 */
export function* faultTimes(seed: string, options: FaultTimesOptions): Generator<number, never> {
  const { everyMs, jitter = 0.5 } = options;
  if (!(everyMs > 0 && everyMs < Number.POSITIVE_INFINITY)) {
    throw wrongArgument('range', `everyMs must be more than 0, not ${everyMs}`);
  }
  if (!(jitter >= 0 && jitter <= 1)) {
    throw wrongArgument('range', `jitter must be from 0 to 1, not ${jitter}`);
  }
  const random = new Random(`${seed}/times`);
  const share = () => random.int(RESOLUTION) / (RESOLUTION - 1);
  let at = everyMs * share();
  for (;;) {
    yield at;
    at += everyMs * (1 + jitter * (2 * share() - 1));
  }
}

/** Of the gaps that are drawn. */
const RESOLUTION = 2 ** 20;

/** Chooses whom a fault meets: among those who can be met, one of whom it has met least. */
export class FairTargets<T> {
  readonly #random: Random;
  readonly #met = new Map<T, number>();
  #last: T | undefined;

  constructor(seed: string) {
    this.#random = new Random(`${seed}/targets`);
  }

  /** Undefined when there is nobody. The same twice in turn only when there is nobody else. */
  next(candidates: Iterable<T>): T | undefined {
    const all = [...candidates];
    const others = all.length > 1 ? all.filter((one) => one !== this.#last) : all;
    const [chosen] = shuffled(others, this.#random).sort(
      (one, two) => this.#count(one) - this.#count(two),
    );
    if (chosen === undefined) return undefined;
    this.#met.set(chosen, this.#count(chosen) + 1);
    this.#last = chosen;
    return chosen;
  }

  #count(target: T): number {
    return this.#met.get(target) ?? 0;
  }
}
