import type { Operation } from '../declare/operation.ts';
import type { Pool } from '../run/pool.ts';
import type { Job, Reply } from '../run/protocol.ts';
import type { SlotStorage } from '../run/slots.ts';
import type { Worker } from '../run/worker.ts';
import { Allowance, type Overdue } from '../stall/allowance.ts';

/** What came of opening a store and reading it. */
export type Inspection =
  | { readonly kind: 'read'; readonly operations: readonly Operation[] }
  | { readonly kind: 'refused'; readonly reason: string; readonly hasCode: boolean }
  /** The worker died of it, or did not come back. */
  | { readonly kind: 'died' | 'hung'; readonly reason: string }
  /** Nobody can say: the machine did not let the worker run. */
  | { readonly kind: 'late'; readonly reason: string };

export interface InspectorOptions {
  /** Where no client ever was: what its module keeps in memory is no proof of what is in files. */
  readonly pool: Pool;
  /** For one client, which never comes. */
  readonly slots: SlotStorage;
  readonly signal: AbortSignal | undefined;
}

/** A worker may take that long to start and to import a declaration, on a machine that is busy. */
const START_MS = 60_000;

/**
 * Opens stores and reads them in a worker of its own, because what a crash or damage has left may
 * take its reader with it, or never let him go.
 */
export class Inspector implements AsyncDisposable {
  readonly #options: InspectorOptions;
  /** That has imported the declaration, so that only what the store does takes time. */
  #ready: Worker | undefined;

  constructor(options: InspectorOptions) {
    this.#options = options;
  }

  /**
   * What is read begins at `now`, in nanoseconds since the run began.
   * @throws the reason of the signal; WORKER_FAILED when no worker can be had
   */
  async inspect(job: Job, now: number, limitMs: number): Promise<Inspection> {
    this.#options.signal?.throwIfAborted();
    const worker = this.#ready ?? (await this.#start(job));
    if (worker === undefined) {
      return { kind: 'late', reason: `no worker was ready to inspect within ${START_MS} ms` };
    }
    const asked = answerOf(worker.ask({ type: 'inspect', job, now }));
    const inspection = await this.#within(limitMs, worker, asked);
    if (typeof inspection !== 'string') {
      this.#ready = worker.isAlive ? worker : undefined;
      return inspection;
    }
    await this.#giveUp();
    const isBusy = inspection === 'late' ? ', on a machine that is busy' : '';
    return { kind: inspection, reason: `the store was not read within ${limitMs} ms${isBusy}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.pool.kill();
  }

  /** Undefined when it takes too long. */
  async #start(job: Job): Promise<Worker | undefined> {
    const { pool, slots } = this.#options;
    const [worker] = pool.take(1);
    if (worker === undefined) throw new Error('there is no worker to inspect with');
    const load = async () => {
      await worker.ask({ type: 'load', job: { ...job, clients: [], slots } });
      return worker.ask({ type: 'unload' });
    };
    const loaded = await this.#within(START_MS, worker, load());
    if (typeof loaded !== 'string') return worker;
    await this.#giveUp();
    return undefined;
  }

  async #giveUp(): Promise<void> {
    const { pool, signal } = this.#options;
    this.#ready = undefined;
    await pool.kill();
    signal?.throwIfAborted();
  }

  /** What is asked of a worker, unless it takes longer, or nobody wants to know any more. */
  async #within<T>(ms: number, worker: Worker, promise: Promise<T>): Promise<T | Overdue> {
    const { signal } = this.#options;
    using allowance = new Allowance(ms, () => worker.use());
    const aborted = Promise.withResolvers<Overdue>();
    const end = () => aborted.resolve('late');
    signal?.addEventListener('abort', end);
    try {
      return await Promise.race([promise, allowance.isUp, aborted.promise]);
    } finally {
      signal?.removeEventListener('abort', end);
    }
  }
}

/** Never rejects: a worker that dies while it reads is what it was asked to find out. */
async function answerOf(asked: Promise<Reply>): Promise<Inspection> {
  try {
    const reply = await asked;
    if (reply.type !== 'inspected') throw new Error(`a worker answered '${reply.type}'`);
    const { refusal, operations } = reply;
    return refusal ? { kind: 'refused', ...refusal } : { kind: 'read', operations };
  } catch (error) {
    return { kind: 'died', reason: error instanceof Error ? error.message : String(error) };
  }
}
