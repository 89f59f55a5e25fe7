import type { Engine } from '../engine/engine.ts';
import type { Steps } from '../engine/steps.ts';
import { HoldfastError } from '../errors.ts';
import type { Inspection } from './cleanup.ts';
import { endedLeases, type LeaseRow } from './leases.ts';
import type { Ledger } from './ledger.ts';
import type { Policy } from './policy.ts';
import type { Search, Verdicts } from './verdicts.ts';

/** What a call has learnt outside its transaction so far. */
export interface Knowledge {
  /** Whether a port is unoccupied; undefined while nobody has looked. @throws PROBE_FAILED */
  readonly isFree: (port: number) => boolean | undefined;
  /** Leases found to have ended; undefined while nobody has looked. */
  readonly ended: readonly LeaseRow[] | undefined;
  /** Reserved directories found missing; undefined while nobody has looked. */
  readonly inspection: Inspection | undefined;
}

/** What a body must be told before it can decide. It has then written nothing that matters. */
export type Need =
  | { readonly need: 'owners' }
  | { readonly need: 'inspection' }
  | {
      readonly need: 'probe';
      readonly ports: readonly number[];
      /** Whether the lowest candidates beyond them may be needed too. */
      readonly scanning: boolean;
    };

const NOTHING: Knowledge = { isFree: () => undefined, ended: undefined, inspection: undefined };

/**
 * Finds out what transaction bodies cannot: bodies do no I/O, so whether a port is occupied, an
 * owner alive or a directory missing is looked at outside, and the decision is made inside.
 */
export class Scout {
  readonly #engine: Engine;
  readonly #ledger: Ledger;
  readonly #clock: () => number;
  readonly #boards = new Map<Policy, Verdicts>();
  #judging: Promise<readonly LeaseRow[]> | undefined;
  /** As far as the last search had to look: where many processes allocate, so will the next. */
  #ahead = 1;

  constructor(engine: Engine, ledger: Ledger, clock: () => number) {
    this.#engine = engine;
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /**
   * Runs a body until it no longer needs to be told anything, each time with what it asked for.
   * @throws PORTS_EXHAUSTED when other processes or servers take every port that was looked at
   */
  async decide<T extends object>(
    policy: Policy,
    body: (known: Knowledge) => Steps<T | Need>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const answer = await this.#engine.write(() => body(NOTHING), { signal });
    return 'need' in answer ? this.#findOut(policy, body, answer, signal) : answer;
  }

  async #findOut<T extends object>(
    policy: Policy,
    body: (known: Knowledge) => Steps<T | Need>,
    firstNeed: Need,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const errand = new Errand(this, policy);
    let need = firstNeed;
    try {
      // Each round looks at up to 64 more ports; twice that often is plenty while others take some.
      for (let left = 16 + (policy.max - policy.min) / 32; left > 0; left--) {
        await errand.run(need);
        const { known } = errand;
        const answer = await this.#engine.write(() => body(known), { signal });
        if (!('need' in answer)) return answer;
        need = answer;
      }
    } finally {
      errand.end();
    }
    throw new HoldfastError(
      'PORTS_EXHAUSTED',
      `no available ports: port range ${policy.min}-${policy.max} exhausted: every port that was found free was taken by others before it could be reserved`,
    );
  }

  /** The leases that have ended as of now. Calls of one turn share the look. */
  async ended(): Promise<readonly LeaseRow[]> {
    this.#judging ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        this.#judging = undefined;
        this.#judge().then(resolve, reject);
      });
    });
    return this.#judging;
  }

  async #judge(): Promise<readonly LeaseRow[]> {
    const { leases } = this.#ledger;
    const book = this.#engine.peek(leases) ?? (await this.#engine.read(() => leases.get()));
    return endedLeases(book, this.#clock());
  }

  async inspect(): Promise<Inspection> {
    const { inspectDirectories } = await import('./inspect.ts');
    return inspectDirectories(this.#engine, this.#ledger);
  }

  /** Learns from a search how crowded it is. */
  endSearch(search: Search): void {
    // Its last round sufficed, and half of that may do: so it gets less when it gets quiet.
    this.#ahead = Math.max(1, search.ahead / 4);
    search.end();
  }

  async search(policy: Policy): Promise<Search> {
    const { probeQueue } = await import('./probe-queue.ts');
    const { Verdicts } = await import('./verdicts.ts');
    let board = this.#boards.get(policy);
    if (board === undefined) {
      const { pool } = this.#ledger;
      board = new Verdicts(
        policy,
        probeQueue(),
        async () => this.#engine.peek(pool) ?? (await this.#engine.read(() => pool.get())),
        () => this.#boards.delete(policy),
      );
      this.#boards.set(policy, board);
    }
    return board.begin(this.#ahead);
  }
}

/** What one call needs found out, and what it has learnt. */
class Errand {
  known: Knowledge = NOTHING;
  readonly #scout: Scout;
  readonly #policy: Policy;
  #search: Search | undefined;

  constructor(scout: Scout, policy: Policy) {
    this.#scout = scout;
    this.#policy = policy;
  }

  async run(need: Need): Promise<void> {
    if (need.need === 'owners') {
      this.known = { ...this.known, ended: await this.#scout.ended() };
    } else if (need.need === 'inspection') {
      this.known = { ...this.known, inspection: await this.#scout.inspect() };
    } else {
      this.#search ??= await this.#scout.search(this.#policy);
      const search = this.#search;
      await search.lookFor(need.ports, need.scanning);
      this.known = { ...this.known, isFree: (port) => search.isFree(port) };
    }
  }

  end(): void {
    if (this.#search) this.#scout.endSearch(this.#search);
  }
}
