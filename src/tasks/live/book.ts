import { HoldfastError, wrongArgument } from '../../errors.ts';
import { countTasks, inOrder, type Plan, TASKS_MAX } from '../model/plan.ts';
import { isFinal, type JobRecord, type JobTree, type TaskRecord } from '../model/record.ts';
import type { Outcome, Seen, Sightings } from '../write/outcome.ts';
import { pretended } from './pretended.ts';
import type { Recording } from './recording.ts';
import { SilentTask } from './silent-task.ts';
import { Task, type TaskBook, type Transition } from './task.ts';

/** What the handles of a job do their work with. */
export interface Recorder {
  /** Undefined: nothing is recorded. */
  readonly recording: Recording | undefined;
  /** Something was done that the hot path does not throw for. */
  misuse(what: string): void;
  /** Something happened to what runs here that no caller hears of. */
  warn(what: string): void;
  /** The root of a job has come to its end. */
  ended(job: JobRecord): void;
}

/** The handles of one job, and what they know of each other. */
export class Book implements TaskBook {
  readonly job: JobRecord;
  readonly root: Task;
  readonly #recorder: Recorder;
  readonly #tasks = new Map<number, Task>();
  readonly #controller = new AbortController();
  #isDetached = false;
  #isCancelRequested = false;

  constructor(recorder: Recorder, tree: JobTree, plan: Plan) {
    this.#recorder = recorder;
    this.job = tree.job;
    const root = this.#add(tree.tasks, [plan])[0];
    if (root === undefined) throw new TypeError('a job without a task');
    this.root = root;
  }

  get recording(): Recording | undefined {
    return this.#recorder.recording;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isDetached(): boolean {
    return this.#isDetached;
  }

  get isCancelRequested(): boolean {
    return this.#isCancelRequested;
  }

  misuse(what: string): void {
    this.#recorder.misuse(what);
  }

  warn(what: string): void {
    this.#recorder.warn(what);
  }

  /** Somebody asked to cancel the job. */
  requestCancel(): void {
    if (this.#isCancelRequested) return;
    this.#isCancelRequested = true;
    this.#controller.abort(new DOMException(`job ${this.job.job} is to be canceled`, 'AbortError'));
  }

  /** The job was removed or replaced: its handles go on counting for nobody. */
  detach(): void {
    if (this.#isDetached) return;
    this.#isDetached = true;
    const what = `job ${this.job.job} was removed or replaced while it ran`;
    const isRunning = [...this.#tasks.values()].some((task) => task.status === 'running');
    for (const task of this.#tasks.values()) task.detach();
    this.#controller.abort(new HoldfastError('DETACHED', what));
    if (isRunning) this.#recorder.warn(what);
  }

  /** Cancels what nobody has ended. */
  async leave(): Promise<void> {
    if (this.#isDetached || isFinal(this.root.status)) return;
    try {
      await this.root.cancel();
    } catch (error) {
      // Others have removed it: there is nothing left to cancel.
      if (!this.#isDetached) throw error;
    }
  }

  /** Runs a transition, and lets the handles know what it did. */
  async transit(transition: Transition): Promise<Outcome> {
    const { body, plans = [] } = transition;
    this.#requireRoom(plans);
    const outcome = this.recording
      ? await this.#record(this.recording, body)
      : pretended(transition, this.#tasks.size + 1);
    this.#add(outcome.added, plans);
    for (const change of outcome.changes) this.#tasks.get(change.task)?.become(change);
    if (isFinal(this.root.status)) this.#recorder.ended(this.job);
    return outcome;
  }

  task(id: number): Task | undefined {
    return this.#tasks.get(id);
  }

  /** What the file may not know yet of `task` and of all that runs within it. */
  sightings(task: Task): Sightings {
    const seen = new Map<number, Seen>();
    const open = [task];
    for (let next = open.pop(); next; next = open.pop()) {
      if (next.status === 'running') seen.set(next.id, next.seen());
      open.push(...next.children);
    }
    return seen;
  }

  async #record({ write }: Recording, body: Transition['body']): Promise<Outcome> {
    try {
      return await write(body);
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'DETACHED') this.detach();
      throw error;
    }
  }

  #requireRoom(plans: readonly Plan[]): void {
    if (plans.length === 0 || this.#tasks.size + countTasks(plans) <= TASKS_MAX) return;
    throw wrongArgument('range', `a job has ${TASKS_MAX} tasks at most`);
  }

  /** Handles for new tasks, which come in the order of their plans. */
  #add(records: readonly TaskRecord[], plans: readonly Plan[]): readonly Task[] {
    const order = inOrder(plans);
    return records.map((record) => {
      const plan = order.next().value;
      const parent = record.parent === null ? undefined : this.#tasks.get(record.parent);
      const kind = this.recording ? Task : SilentTask;
      const task = new kind(this, record, plan?.round ?? [], parent);
      this.#tasks.set(task.id, task);
      return task;
    });
  }
}
