import type { LaunchPrefix } from '../faults/launch-prefix.ts';
import { startWorker, type Worker, type WorkerKind } from './worker.ts';

/** Workers of one kind that outlive a run: starting one costs more than most rounds. */
export class Pool implements AsyncDisposable {
  readonly #kind: WorkerKind;
  readonly #limit: number;
  readonly #launch: readonly LaunchPrefix[];
  #workers: Worker[] = [];

  /** At most `limit` workers at a time; processes are started behind `launch`. */
  constructor(kind: WorkerKind, limit: number, launch: readonly LaunchPrefix[] = []) {
    this.#kind = kind;
    this.#limit = limit;
    this.#launch = launch;
  }

  /** A pool like this one, whose processes are started behind commands. */
  behind(launch: readonly LaunchPrefix[]): Pool {
    return new Pool(this.#kind, this.#limit, launch);
  }

  /** As many living workers as there are clients, or as there may be. */
  take(clients: number): readonly Worker[] {
    const count = Math.min(clients, this.#limit);
    this.#workers = this.#workers.filter((worker) => worker.isAlive);
    while (this.#workers.length < count) this.#workers.push(startWorker(this.#kind, this.#launch));
    return this.#workers.slice(0, count);
  }

  /** A worker in the place of one that has died. */
  replace(dead: Worker): Worker {
    const worker = startWorker(this.#kind, this.#launch);
    this.#workers = this.#workers.map((one) => (one === dead ? worker : one));
    return worker;
  }

  /** Stops every worker; those that do not even stop are left behind. */
  async kill(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    const stopped = Promise.all(workers.map((worker) => worker.kill()));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, STOP_MS);
    await Promise.race([stopped, late]);
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** A thread inside a native call cannot be stopped before that returns. */
const STOP_MS = 3000;
