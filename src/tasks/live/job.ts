import { assertWhole, type Plan } from '../model/plan.ts';
import type { JobTree } from '../model/record.ts';
import { reserveBody } from '../write/reserve.ts';
import { Book, type Recorder } from './book.ts';
import type { FailOptions, Task } from './task.ts';

/** A job of this process: what `Tasks.register` answers. */
export class Job implements AsyncDisposable {
  /** As others ask for it. */
  readonly id: string;
  readonly generation: number;
  readonly #book: Book;

  /** Made by the store. */
  constructor(recorder: Recorder, tree: JobTree, plan: Plan) {
    this.id = tree.job.job;
    this.generation = tree.job.generation;
    this.#book = new Book(recorder, tree, plan);
  }

  get root(): Task {
    return this.#book.root;
  }

  /**
   * Aborted within a quarter of a second after somebody asked to cancel the job, with an
   * `AbortError`; with DETACHED when it was removed or replaced.
   */
  get signal(): AbortSignal {
    return this.#book.signal;
  }

  get status(): Task['status'] {
    return this.root.status;
  }

  /** The task of these names within the root. @throws NOT_FOUND */
  child(...names: readonly string[]): Task {
    return this.root.child(...names);
  }

  /** Starts the root. See `Task.start`. */
  async start(): Promise<void> {
    await this.root.start();
  }

  /** Finishes the root. See `Task.finish`. */
  async finish(): Promise<void> {
    await this.root.finish();
  }

  /** Fails the root, and so all tasks. See `Task.fail`. */
  async fail(error?: unknown, options?: FailOptions): Promise<void> {
    await this.root.fail(error, options);
  }

  /** Cancels the root, and so all tasks. See `Task.cancel`. */
  async cancel(): Promise<void> {
    await this.root.cancel();
  }

  /** Runs the root. See `Task.run`. */
  async run<T>(work: (job: Job) => T | Promise<T>): Promise<T> {
    return await this.root.run(() => work(this));
  }

  /**
   * Makes `bytes` the whole of what the job holds of the memory limit. It is given back by the
   * transaction that ends the job, whoever ends it.
   * @throws BUDGET_EXCEEDED, ILLEGAL_TRANSITION when it has ended, DETACHED
   */
  async reserve(bytes: number): Promise<void> {
    assertWhole('a reservation', bytes);
    const { recording, job } = this.#book;
    await recording?.write((at) => reserveBody(job.id, bytes, at));
  }

  /** Cancels a job that nobody has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#book.leave();
  }

  /** For the store. */
  get book(): Book {
    return this.#book;
  }
}
