import { availableParallelism } from 'node:os';
import type { Mode } from '../declare/plan.ts';
import { Pool } from './pool.ts';
import type { WorkerKind } from './worker.ts';

/** The most workers at a time. More clients than that share them. */
export interface WorkerLimits {
  /** Threads; 10 by default. */
  readonly workers?: number | undefined;
  /** Processes; 8 by default. */
  readonly processes?: number | undefined;
}

// Beyond these a machine measures its scheduler.
const THREADS_MAX = 10;
const PROCESSES_MAX = 8;

/** What the clients of a mode run in. */
export function workerKind(mode: Mode): WorkerKind {
  return mode === 'processes' || mode === 'crash' ? 'processes' : 'threads';
}

/** The pools of a series of runs, each of which starts its workers when it is first asked. */
export class PoolSet implements AsyncDisposable {
  readonly #limits: WorkerLimits;
  readonly #pools = new Map<Mode, Pool>();

  constructor(limits: WorkerLimits = {}) {
    this.#limits = limits;
  }

  of(mode: Mode): Pool {
    let pool = this.#pools.get(mode);
    if (!pool) {
      pool = new Pool(workerKind(mode), this.#limit(mode));
      this.#pools.set(mode, pool);
    }
    return pool;
  }

  /** Stops the workers of every pool but this one's: idle ones take memory and start-up checks. */
  async keepOnly(mode: Mode): Promise<void> {
    await Promise.all([...this.#pools].map(([other, pool]) => other !== mode && pool.kill()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.kill()));
  }

  #limit(mode: Mode): number {
    const { workers = THREADS_MAX, processes = PROCESSES_MAX } = this.#limits;
    if (mode === 'threads') return workers;
    // Command lines are processes of their own. Starting one blocks its thread for a moment.
    return workerKind(mode) === 'processes' ? processes : Math.max(4, availableParallelism());
  }
}
