import type { Steps } from '../../engine/steps.ts';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import type { ProgressReport } from '../calls.ts';
import type { LogEvent } from '../model/event.ts';
import { messageText } from '../model/message.ts';
import { assertAmount, type Plan } from '../model/plan.ts';
import {
  isFinal,
  type JobRecord,
  type TaskKind,
  type TaskRecord,
  type TaskStatus,
} from '../model/record.ts';
import type { Action } from '../model/status.ts';
import { logBody, setVolumeBody } from '../write/annotate.ts';
import type { Change, Outcome, Seen, Sightings } from '../write/outcome.ts';
import { addBody, endBody, finishBody, nextBody, startBody } from '../write/transition.ts';
import type { Pulse, Recording } from './recording.ts';
import { AMOUNT_MAX, type Slot, type TaskShare } from './slots.ts';
import { StepCounter } from './steps.ts';

/** What tasks count in that have no slot: nobody looks at it. */
const NO_VALUES = new Float64Array(1);

/** The most that may be added at once while nothing may be: no amount is less. */
const SHUT = -1;

/** What is asked of a task, and how that is recorded. */
export interface Transition {
  readonly task: Task;
  readonly action: Action | 'next' | 'add';
  readonly body: (at: number) => Steps<Outcome>;
  /** Parts that it may add. */
  readonly plans?: readonly Plan[];
}

/** The tasks of a job together, as each of them sees it. */
export interface TaskBook {
  readonly job: JobRecord;
  readonly root: Task;
  /** Undefined: nothing is recorded. */
  readonly recording: Recording | undefined;
  readonly isDetached: boolean;
  readonly isCancelRequested: boolean;
  misuse(what: string): void;
  warn(what: string): void;
  task(id: number): Task | undefined;
  /** Does it, and lets the handles know what it did. */
  transit(transition: Transition): Promise<Outcome>;
  sightings(task: Task): Sightings;
}

/** How a task ends with its parts. */
export interface FailOptions {
  /** The tasks that it is a part of fail as well, up to the root. */
  readonly ancestors?: boolean | undefined;
}

/**
 * A task of a job of this process. Its transitions are transactions: when they resolve, every
 * process sees them, and they survive kill -9. Its progress is counted in memory and shows elsewhere
 * within a quarter of a second.
 */
export class Task {
  readonly id: number;
  readonly name: string;
  readonly kind: TaskKind;
  readonly #book: TaskBook;
  readonly #round: readonly Plan[];
  readonly #isEndless: boolean;
  readonly #children: Task[] = [];
  #status: TaskStatus;
  #volume: number | null;
  /** What is in the file when no slot counts. */
  #progress: number;
  /** Undefined: it has said nothing. */
  #message: string | null | undefined;
  /** The volume that is on its way to the file by `report`. */
  #total: number | undefined;
  #steps: StepCounter | undefined;
  // The hot path: what may be added at once, and where to.
  #amountMax = SHUT;
  #values: Float64Array = NO_VALUES;
  #index = 0;
  #slots: Slot[] = [];
  #isShared = false;
  #isTracked = false;

  /** Made by the job. */
  constructor(
    book: TaskBook,
    record: TaskRecord,
    round: readonly Plan[],
    parent: Task | undefined,
  ) {
    this.id = record.id;
    this.name = record.name;
    this.kind = record.kind;
    this.#book = book;
    this.#round = round;
    this.#isEndless = record.mode === 'open';
    this.#status = record.status;
    this.#volume = record.volume;
    this.#progress = record.progress;
    if (parent) parent.#children.push(this);
  }

  /** As this process knows it. */
  get status(): TaskStatus {
    return this.#status;
  }

  get children(): readonly Task[] {
    return this.#children;
  }

  /** How much there is to do; null: unknown. */
  get volume(): number | null {
    return this.#volume;
  }

  /** How much is done, with what was counted in other threads. */
  get progress(): number {
    let sum = this.#progress;
    for (const { values, index } of this.#slots) sum += values[index] ?? 0;
    return Math.min(sum, AMOUNT_MAX);
  }

  /** The part of these names, each the first one within the one before. @throws NOT_FOUND */
  child(...names: readonly string[]): Task {
    let found: Task = this;
    for (const name of names) {
      const next = found.#children.find((child) => child.name === name);
      if (next === undefined) {
        throw new HoldfastError('NOT_FOUND', `task '${found.name}' has no part '${name}'`);
      }
      found = next;
    }
    return found;
  }

  /**
   * Starts the task, and first those that it is a part of.
   * @throws ILLEGAL_TRANSITION unless it is pending, or while another part of a sequence runs; DETACHED
   */
  async start(): Promise<void> {
    await this.#transit('start', (at) => startBody(this.id, at));
  }

  /**
   * Ends the task as done: a leaf is full then, and parts of a group that never ran are left out.
   * @throws ILLEGAL_TRANSITION unless it runs, while a part of it runs, or with rounds of a fixed
   * number left; DETACHED
   */
  async finish(): Promise<void> {
    await this.#transit('finish', (at) => finishBody(this.id, this.#book.sightings(this), at));
  }

  /**
   * Ends the task as failed, with everything in it: what runs has failed too, what is pending is
   * canceled. `error` says why, in 4,096 characters at most.
   * @throws ILLEGAL_TRANSITION when it has ended; DETACHED
   */
  async fail(error?: unknown, options: FailOptions = {}): Promise<void> {
    const ancestors = options.ancestors ?? false;
    await this.#end('failed', error === undefined ? null : reasonOf(error), ancestors);
  }

  /** Ends the task as canceled, with everything in it. @throws ILLEGAL_TRANSITION, DETACHED */
  async cancel(): Promise<void> {
    await this.#end('canceled', null, false);
  }

  /**
   * Starts the task, and ends it as `work` ends: finished, or failed with what was thrown, or
   * canceled if the job was to be canceled by then. What was thrown is thrown on. It has failed too
   * where it cannot finish, because a part of it still runs.
   */
  async run<T>(work: (task: Task) => T | Promise<T>): Promise<T> {
    await this.start();
    try {
      const result = await work(this);
      if (!isFinal(this.#status)) await this.finish();
      return result;
    } catch (error) {
      await this.#endAfter(error);
      throw error;
    }
  }

  /**
   * Starts the next pending part and answers it; undefined when there is none left. An open
   * iteration has always one more round.
   * @throws ILLEGAL_TRANSITION unless the task runs and, in a sequence, no part of it does; DETACHED
   */
  async next(): Promise<Task | undefined> {
    this.#requireGroup();
    const plans = this.#isEndless ? this.#round : [];
    const body = (at: number) => nextBody(this.id, plans, at);
    const { changes } = await this.#book.transit({ task: this, action: 'next', body, plans });
    const last = changes.at(-1);
    return last && this.#book.task(last.task);
  }

  /** Adds a part to a group that has not ended. @throws ILLEGAL_TRANSITION, DETACHED */
  async add(plan: Plan): Promise<Task> {
    this.#requireGroup();
    const plans = [plan];
    const body = (at: number) => addBody(this.id, plans, at);
    const { added } = await this.#book.transit({ task: this, action: 'add', body, plans });
    const task = added[0] && this.#book.task(added[0].id);
    if (task === undefined) throw new TypeError('a task was added and is not there');
    return task;
  }

  /**
   * Counts `amount` more as done, 0 or more: an addition in memory, without a clock, a system call
   * or an allocation. What is counted while the task does not run is told as `onMisuse` says.
   */
  advance(amount: number = 1): void {
    if (amount >= 0 && amount <= this.#amountMax) {
      this.#values[this.#index] = (this.#values[this.#index] as number) + amount;
    } else this.#refuse(amount);
  }

  /**
   * Says how far the task is as a whole, in the shape of MCP progress notifications: `progress`
   * counts if it is more than before, `total` is the volume. The volume and the message follow with
   * the next flush.
   */
  report({ progress, total, message }: ProgressReport): void {
    const done = this.progress;
    if (progress > done || !(progress >= 0)) this.advance(progress - done);
    if (total !== undefined && total !== (this.#total ?? this.#volume)) {
      this.#total = total;
      this.setVolume(total).catch((error: unknown) => {
        this.#total = undefined;
        this.#book.warn(`the volume of task '${this.name}' is not recorded: ${error}`);
      });
    }
    if (message !== undefined) this.describe(message);
  }

  /**
   * Says in words what it is doing, in 4,096 characters at most; follows with the next flush while
   * it runs, and with its start before.
   */
  describe(message: string | null): void {
    this.#message = message === null ? null : messageText(message);
    if (this.#status === 'running') this.#say(this.#message);
  }

  /** Says how much there is to do; null: unknown. @throws ILLEGAL_TRANSITION, DETACHED */
  async setVolume(volume: number | null): Promise<void> {
    if (volume !== null) assertAmount('volume', volume);
    if (this.kind !== 'leaf') throw wrongArgument('type', `task '${this.name}' is no leaf`);
    await this.#book.recording?.write((at) => setVolumeBody(this.id, volume, at));
    this.#volume = volume;
    this.#total = undefined;
  }

  /** Divides the volume, as it is now, into steps for `advanceSteps`. @throws RangeError */
  setSteps(steps: number): void {
    if (!Number.isSafeInteger(steps) || steps < 1) {
      throw wrongArgument('range', `steps are a whole number from 1, not ${steps}`);
    }
    if (this.#volume === null) {
      throw wrongArgument('range', `task '${this.name}' has no volume that could have steps`);
    }
    this.#steps = new StepCounter(this.#volume, steps);
  }

  /** Advances by so many steps, 0 or more; all of them together advance by the volume exactly. */
  advanceSteps(steps: number = 1): void {
    if (this.#steps === undefined) this.#book.misuse('advanceSteps before setSteps');
    else if (steps >= 0 && steps <= AMOUNT_MAX) this.advance(this.#steps.take(steps));
    else this.#refuse(steps);
  }

  /** Adds a line to the user's log, in 4,096 characters at most. @throws DETACHED */
  async log(message: string): Promise<void> {
    await this.#log('info', message);
  }

  /** Adds a warning to the user's log. @throws DETACHED */
  async warn(message: string): Promise<void> {
    await this.#log('warning', message);
  }

  /**
   * A counter for one other thread, which gets it by `workerData` or a message and counts with
   * `attach(share).advance(n)`. One thread a share.
   * @throws ILLEGAL_TRANSITION unless the task runs
   */
  share(): TaskShare {
    const pulse = this.#book.recording?.pulse;
    if (pulse === undefined) return { buffer: new SharedArrayBuffer(8), index: 0 };
    if (this.#slots.length === 0) {
      throw new HoldfastError(
        'ILLEGAL_TRANSITION',
        `task '${this.name}' is ${this.#status} and has nothing to count with`,
      );
    }
    const slot = pulse.claim();
    this.#slots.push(slot);
    this.#isShared = true;
    pulse.addSlot(this.id, slot);
    return { buffer: slot.values.buffer as SharedArrayBuffer, index: slot.index };
  }

  /** What the file may not know yet. For the job. */
  seen(): Seen {
    return { progress: this.progress, message: this.#message };
  }

  /** Follows a transition that was committed. For the job. */
  become({ status, progress, volume }: Change): void {
    this.#status = status;
    if (status !== 'running') this.#close(progress);
    else if (this.kind === 'leaf') this.#open();
    if (status === 'running' && this.#message !== undefined) this.#say(this.#message);
    this.#volume = volume;
  }

  /** It was removed or replaced: it counts for nobody. For the job. */
  detach(): void {
    this.#close(this.progress);
  }

  #open(): void {
    const pulse = this.#book.recording?.pulse;
    if (pulse === undefined) return;
    const slot = pulse.claim();
    this.#slots = [slot];
    this.#values = slot.values;
    this.#index = slot.index;
    this.#amountMax = AMOUNT_MAX;
    this.#track(pulse);
  }

  /** Of a group nothing else has to be followed. */
  #say(message: string | null): void {
    const pulse = this.#book.isDetached ? undefined : this.#book.recording?.pulse;
    if (pulse === undefined) return;
    if (!this.#isTracked) this.#track(pulse);
    pulse.message(this.id, message);
  }

  #track(pulse: Pulse): void {
    this.#isTracked = true;
    pulse.track(this.id, this.#book.job.id, this.#slots, this.#progress);
  }

  #close(progress: number): void {
    this.#progress = progress;
    this.#amountMax = SHUT;
    this.#values = NO_VALUES;
    this.#index = 0;
    const pulse = this.#book.recording?.pulse;
    if (this.#isTracked) pulse?.untrack(this.id);
    this.#isTracked = false;
    // A slot that another thread has may be counted in for as long as that lives.
    if (!this.#isShared) for (const slot of this.#slots) pulse?.release(slot);
    this.#slots = [];
  }

  async #transit(action: Action, body: Transition['body']): Promise<void> {
    await this.#book.transit({ task: this, action, body });
  }

  async #end(
    status: 'failed' | 'canceled',
    error: string | null,
    ancestors: boolean,
  ): Promise<void> {
    await this.#transit(status === 'failed' ? 'fail' : 'cancel', (at) => {
      const sightings = this.#book.sightings(ancestors ? this.#book.root : this);
      return endBody(this.id, { status, error, ancestors }, sightings, at);
    });
  }

  /** Never throws: what the work threw is what its caller is to hear of. */
  async #endAfter(error: unknown): Promise<void> {
    const book = this.#book;
    if (isFinal(this.#status) || book.isDetached) return;
    try {
      if (book.isCancelRequested) await this.cancel();
      else await this.fail(error);
    } catch (reason) {
      if (!book.isDetached) book.warn(`the end of task '${this.name}' is not recorded: ${reason}`);
    }
  }

  async #log(level: LogEvent['level'], message: string): Promise<void> {
    await this.#book.recording?.write((at) => logBody(this.id, level, message, at));
  }

  #requireGroup(): void {
    if (this.kind === 'leaf') throw wrongArgument('type', `task '${this.name}' has no parts`);
  }

  #refuse(amount: number): void {
    const book = this.#book;
    if (book.recording === undefined) return;
    if (!(amount >= 0 && amount <= AMOUNT_MAX)) {
      book.misuse(`task '${this.name}' cannot advance by ${amount}`);
    } else if (this.kind !== 'leaf') {
      book.misuse(`task '${this.name}' is a ${this.kind}: its parts have the progress`);
    } else if (!book.isDetached) {
      book.misuse(`task '${this.name}' is ${this.#status} and cannot advance: await its start`);
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error) return messageText(error.message || error.name);
  if (typeof error !== 'object' || error === null) return messageText(String(error));
  // Not imported: every start of the CLI would pay for it.
  return messageText(process.getBuiltinModule('node:util').inspect(error));
}
