import { monotonicMs } from '../engine/clock.ts';
import type { OccupancyPolicy, Policy } from './policy.ts';
import { nextFree, type PortSet, portSetOf } from './pool.ts';
import type { Verdict as Sighting } from './probe-queue.ts';

/** What probes ports; `ProbeQueue` does. */
export interface Prober {
  probe(ports: Iterable<number>, policy: OccupancyPolicy): Promise<ReadonlyMap<number, Sighting>>;
}

/** A free port may be bound by anybody at any time, so trust in a probe ends soon: after 1 s. */
const FRESH_MS = 1000;

/** Ports of one round: at 0.1 to 0.5 ms each they are still fresh when the last one is probed. */
const ROUND_PORTS = 256;

interface Waiter {
  readonly since: number;
  readonly ports: readonly number[];
  /** How many of the lowest candidates to look at besides; 0 for none. */
  readonly ahead: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What the calls of one process that allocate under one policy know about sockets. Calls that wait
 * at the same time share their probes: each round looks at as many of the lowest candidates as
 * there are calls on the way, so that each finds its own port already looked at.
 */
export class Verdicts {
  readonly #policy: Policy;
  readonly #prober: Prober;
  readonly #taken: () => Promise<PortSet>;
  readonly #idle: () => void;
  readonly #sightings = new Map<number, Sighting>();
  #waiters: Waiter[] = [];
  #rounds: Promise<void> | undefined;
  #searches = 0;

  /** `taken` answers the reserved ports as of now; `idle` is called when the last call has ended. */
  constructor(policy: Policy, prober: Prober, taken: () => Promise<PortSet>, idle: () => void) {
    this.#policy = policy;
    this.#prober = prober;
    this.#taken = taken;
    this.#idle = idle;
  }

  /** A call that needs verdicts begins; it must `end`. See `Search` for `ahead`. */
  begin(ahead: number): Search {
    this.#searches += 1;
    return new Search(this, monotonicMs(), ahead);
  }

  end(): void {
    this.#searches -= 1;
    if (this.#searches === 0) this.#idle();
  }

  /**
   * Whether the port is free, or undefined while nobody has looked since `since`: the look must
   * fall within the call it serves.
   * @throws PROBE_FAILED when the probe could not tell
   */
  isFree(port: number, since: number): boolean | undefined {
    const seen = this.#sightings.get(port);
    if (seen === undefined || seen.probedAt < since) return undefined;
    if (seen.error !== undefined) throw seen.error;
    if (seen.state === 'occupied') return false;
    return monotonicMs() - seen.probedAt > FRESH_MS ? undefined : true;
  }

  look(since: number, ports: readonly number[], ahead: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ since, ports, ahead, resolve, reject });
      this.#rounds ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiters.length > 0) {
        // The other calls of the same batch of writes come to wait in this same turn.
        await new Promise((resolve) => setImmediate(resolve));
        await this.#round(this.#waiters.splice(0, ROUND_PORTS));
      }
    } finally {
      this.#rounds = undefined;
    }
  }

  async #round(waiters: readonly Waiter[]): Promise<void> {
    try {
      const ports = await this.#worthLooking(waiters);
      const seen = await this.#prober.probe(ports, this.#policy.occupancy);
      for (const [port, sighting] of seen) this.#sightings.set(port, sighting);
      for (const waiter of waiters) waiter.resolve();
    } catch (error) {
      for (const waiter of waiters) waiter.reject(error);
    }
  }

  async #worthLooking(waiters: readonly Waiter[]): Promise<ReadonlySet<number>> {
    const ports = new Set(waiters.flatMap((waiter) => waiter.ports));
    const ahead = Math.max(...waiters.map((waiter) => waiter.ahead));
    if (ahead === 0) return ports;
    const since = Math.max(...waiters.map((waiter) => waiter.since));
    let left = Math.min(ROUND_PORTS, this.#searches + ahead - 1);
    const taken = await this.#taken();
    const excluded = portSetOf(this.#policy.excluded);
    for (let from = this.#policy.min; left > 0; left--) {
      const port = nextFree(taken, excluded, from, this.#policy.max, undefined);
      if (port === undefined) break;
      from = port + 1;
      const seen = this.#sightings.get(port);
      const isOld = seen === undefined || monotonicMs() - seen.probedAt > FRESH_MS;
      if (seen?.state === 'occupied') {
        left += 1;
        if (seen.probedAt < since) ports.add(port);
        // A free one was looked at for a call that is about to take it.
      } else if (isOld) ports.add(port);
    }
    return ports;
  }
}

/** However far others are ahead of us, a round stays one of some milliseconds. */
const AHEAD_MAX = 64;

/** One call's view of the verdicts: what was seen since it began. */
export class Search {
  readonly #verdicts: Verdicts;
  readonly #since: number;
  #ahead: number;

  /** `ahead`: how many candidates its first round looks at. */
  constructor(verdicts: Verdicts, since: number, ahead: number) {
    this.#verdicts = verdicts;
    this.#since = since;
    this.#ahead = ahead;
  }

  /**
   * How many candidates the next round would look at. It doubles each time that other processes
   * took all of them, or they were occupied.
   */
  get ahead(): number {
    return this.#ahead;
  }

  /** See `Verdicts.isFree`. */
  isFree(port: number): boolean | undefined {
    return this.#verdicts.isFree(port, this.#since);
  }

  /** Has `ports` probed and, when scanning, the lowest candidates with them. */
  async lookFor(ports: readonly number[], scanning: boolean): Promise<void> {
    await this.#verdicts.look(this.#since, ports, scanning ? this.#ahead : 0);
    if (scanning) this.#ahead = Math.min(AHEAD_MAX, this.#ahead * 2);
  }

  end(): void {
    this.#verdicts.end();
  }
}
