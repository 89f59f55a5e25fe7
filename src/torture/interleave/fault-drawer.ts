import { Random } from '../declare/random.ts';
import type { Fault } from '../faults/fault.ts';
import type { SimulatedFault } from './simulated-fault.ts';
import type { Take } from './simulation.ts';

/** Disks of one power loss that are opened; the next schedule has its own. */
const DISKS_PER_SCHEDULE = 12;

/**
 * Faults for the schedules of programs, by the seed: the first schedule of each has none, and tells
 * how many moments there are to choose from. Calls fail one after the other, from the first one on;
 * the next program goes on where the one before has ended, so that the last calls have their turn.
 */
export class FaultDrawer {
  readonly #seed: string;
  readonly #kinds: readonly Fault[];
  readonly #clients: number;
  /** Of calls that fail, the next one, by error. */
  readonly #nth = new Map<string, number>();
  #random: Random;
  #last: SimulatedFault | undefined;
  #points = 0;
  #given = 0;

  constructor(seed: string, faults: readonly Fault[], clients: number) {
    this.#seed = seed;
    this.#random = this.#randomOf(0);
    this.#kinds = faults.filter(({ kind }) => SIMULATED.has(kind));
    this.#clients = clients;
  }

  /** Another program, by its number. */
  begin(program: number): void {
    this.#random = this.#randomOf(program);
    this.#points = 0;
  }

  next(): SimulatedFault | undefined {
    this.#last = this.#points === 0 ? undefined : this.#draw();
    return this.#last;
  }

  learn({ labels, isHit }: Take): void {
    this.#points = Math.max(this.#points, labels.length);
    // Beyond the last call there is nothing that could fail: from the first one again.
    if (this.#last?.kind === 'fail-calls' && !isHit) this.#nth.delete(this.#last.error);
  }

  #randomOf(program: number): Random {
    return new Random(`${this.#seed}/${program}/faults`);
  }

  #draw(): SimulatedFault | undefined {
    if (this.#kinds.length === 0) return undefined;
    const fault = this.#kinds[this.#given++ % this.#kinds.length] as Fault;
    const at = this.#random.int(this.#points + 1);
    if (fault.kind === 'kill') {
      return { kind: 'kill', client: this.#random.int(this.#clients), at };
    }
    if (fault.kind === 'power-loss') {
      return { kind: 'power-loss', at, limit: Math.min(fault.limit, DISKS_PER_SCHEDULE) };
    }
    if (fault.kind !== 'fail-calls') return undefined;
    const error = this.#random.pick(fault.errors);
    const nth = (this.#nth.get(error) ?? 0) + 1;
    this.#nth.set(error, nth);
    return { kind: 'fail-calls', error, nth, persistent: fault.persistent };
  }
}

/** Faults that a simulated machine can have. */
export const SIMULATED: ReadonlySet<Fault['kind']> = new Set(['kill', 'power-loss', 'fail-calls']);
