import { monotonicMs } from '../engine/clock.ts';
import type { HoldfastError } from '../errors.ts';
import type { OccupancyPolicy } from './policy.ts';
import { type Endpoint, type Family, policyKey, probePort } from './probe.ts';
import { inProbeTurn } from './probe-turn.ts';

/** What is known of one port's sockets, and since when. */
export interface Verdict {
  readonly port: number;
  /** `failed`: the probe answered neither way. */
  readonly state: 'free' | 'occupied' | 'failed';
  /** The endpoints that are taken, in the order of `endpointsToProbe`. */
  readonly hits: readonly Endpoint[];
  /** PROBE_FAILED, for whoever needs just this port to throw. */
  readonly error: HoldfastError | undefined;
  /** When the look at the port began, on the clock of `monotonicMs()`. */
  readonly probedAt: number;
}

/**
 * Ports probed at once: up to four sockets each, well below the usual limit of 1,024 descriptors,
 * and a turn of about 5 ms, after which other processes have theirs.
 */
const PORTS_AT_ONCE = 64;

interface Job {
  readonly port: number;
  readonly policy: OccupancyPolicy;
  readonly verdict: PromiseWithResolvers<Verdict>;
  /** Callers that still want to know. */
  wanted: number;
}

/**
 * Probes ports on behalf of a whole process. Requests for one port under one policy that wait at
 * the same time share one probe, which begins after all of them were made; no port is probed twice
 * at one moment; and processes take turns (`inProbeTurn`).
 */
export class ProbeQueue {
  /** What has not begun, in the order of arrival, by port and policy. */
  readonly #waiting = new Map<string, Job>();
  readonly #absent = new Set<Family>();
  #draining = false;

  /** Address families that probes found this machine to lack. */
  get absentFamilies(): readonly Family[] {
    return [...this.#absent];
  }

  /**
   * Looks at each of `ports` once. One whose probe fails does not disturb the others. Rejects only
   * with the signal's reason.
   */
  async probe(
    ports: Iterable<number>,
    policy: OccupancyPolicy,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<number, Verdict>> {
    signal?.throwIfAborted();
    const key = policyKey(policy);
    const jobs = [...new Set(ports)].map((port) => this.#join(`${port}/${key}`, port, policy));
    if (!this.#draining) void this.#drain();
    try {
      const found = Promise.all(jobs.map((job) => job.verdict.promise));
      const verdicts = await unlessAborted(found, signal);
      return new Map(verdicts.map((verdict) => [verdict.port, verdict]));
    } finally {
      for (const job of jobs) job.wanted -= 1;
    }
  }

  #join(key: string, port: number, policy: OccupancyPolicy): Job {
    const job = this.#waiting.get(key) ?? {
      port,
      policy,
      verdict: Promise.withResolvers<Verdict>(),
      wanted: 0,
    };
    job.wanted += 1;
    this.#waiting.set(key, job);
    return job;
  }

  /** Never rejects: a probe that fails has a verdict, too. */
  async #drain(): Promise<void> {
    this.#draining = true;
    // Whoever asks in the same turn of the event loop shares the round.
    await nextTurn();
    while (this.#waiting.size > 0) {
      // Chosen inside, so that whoever asks during the wait for the turn is served by it.
      await inProbeTurn(() => Promise.all(this.#takeRound().map((job) => this.#run(job))));
      await nextTurn();
    }
    this.#draining = false;
  }

  /** The jobs that have waited longest, no two of one port; those that nobody wants are dropped. */
  #takeRound(): readonly Job[] {
    const round = new Map<number, Job>();
    for (const [key, job] of this.#waiting) {
      if (round.size === PORTS_AT_ONCE) break;
      if (job.wanted > 0 && round.has(job.port)) continue;
      this.#waiting.delete(key);
      if (job.wanted > 0) round.set(job.port, job);
    }
    return [...round.values()];
  }

  async #run({ port, policy, verdict }: Job): Promise<void> {
    const probedAt = monotonicMs();
    try {
      const { occupied, hits, absentFamilies } = await probePort(port, policy);
      for (const family of absentFamilies) this.#absent.add(family);
      const state = occupied ? 'occupied' : 'free';
      verdict.resolve({ port, state, hits, error: undefined, probedAt });
    } catch (error) {
      verdict.resolve({ port, state: 'failed', hits: [], error: error as HoldfastError, probedAt });
    }
  }
}

let shared: ProbeQueue | undefined;

/** The queue of this process: two of them would get in each other's way. */
export function probeQueue(): ProbeQueue {
  shared ??= new ProbeQueue();
  return shared;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The outcome of `work`, or a rejection with the signal's reason if that comes first. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
