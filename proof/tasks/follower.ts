import { setTimeout as pause } from 'node:timers/promises';
import { JobTable, type JobTree, type TaskEvent, type Tasks } from '../../src/tasks.ts';
import { Chronicle } from './chronicle.ts';
import { everything } from './log.ts';

/** Keeps no event, only what they come to. */
export class Follower implements AsyncDisposable {
  readonly #controller = new AbortController();
  readonly #done: Promise<void>;
  readonly #onEvent: (event: TaskEvent) => void;
  #chronicle = new Chronicle();
  #table = new JobTable();
  #snapshots = 0;
  #failure: unknown;

  /** With `after: 0` from the first event on, else from a snapshot. `onEvent` is called as they come. */
  constructor(
    tasks: Tasks,
    options: { readonly after?: number | undefined } = {},
    onEvent: (event: TaskEvent) => void = () => undefined,
  ) {
    this.#onEvent = onEvent;
    this.#done = this.#follow(tasks, options.after).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  get seq(): number {
    return this.#chronicle.seq;
  }

  get jobs(): readonly JobTree[] {
    return this.#table.jobs;
  }

  get faults(): readonly string[] {
    const faults = [...this.#chronicle.faults];
    if (this.#snapshots > 1) faults.push(`${this.#snapshots} snapshots in one subscription`);
    if (this.#failure) faults.push(`a subscription ended: ${this.#failure}`);
    return faults;
  }

  /** Resolves when it has come to that event, or is at fault. */
  async reach(seq: number): Promise<void> {
    while (this.seq < seq && this.faults.length === 0) await pause(LOOK_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#done;
  }

  async #follow(tasks: Tasks, after: number | undefined): Promise<void> {
    const { signal } = this.#controller;
    for await (const update of tasks.subscribe({ ...everything, after, signal })) {
      if (update.kind === 'events') {
        for (const event of update.events) this.#take(event);
      } else {
        this.#snapshots += 1;
        this.#chronicle = new Chronicle(update.seq, update.jobs);
        this.#table = new JobTable(update.jobs);
      }
    }
  }

  #take(event: TaskEvent): void {
    this.#chronicle.add(event);
    this.#table.apply(event);
    this.#onEvent(event);
  }
}

const LOOK_MS = 5;
