import { monotonicMs } from '../../engine/clock.ts';
import type { Durability, Engine } from '../../engine/engine.ts';
import { openSqlite } from '../../engine/sqlite.ts';
import { type Steps, Warm } from '../../engine/steps.ts';
import { type ErrorCode, HoldfastError } from '../../errors.ts';
import { tasksSchema } from '../schema.ts';
import {
  activeJobsBody,
  cancelRequestedBody,
  type Flushed,
  type FlushRequest,
  flushBody,
  isLeaseDue,
  type Sample,
} from '../write/flush.ts';
import { AMOUNT_MAX, type Slot, sumOf } from './slots.ts';

/** How a loop works; a message can carry it. */
export interface LoopSetup {
  readonly file: string;
  readonly ownerId: number;
  readonly durability: Durability;
  /** Between two flushes, 20 % more or less, so that processes do not keep step. */
  readonly intervalMs: number;
  readonly leaseMs: number;
  /** Then it is tried again at the next beat: values are absolute, so nothing is lost. */
  readonly lockTimeoutMs: number;
  /** Two 32-bit words that its other side sees as well: see below. */
  readonly control: SharedArrayBuffer;
}

/** In `control`: other than 0 once the process ends and has written what was left itself. */
export const STOPPED = 0;
/** In `control`: how many beats there have been. */
export const BEATS = 1;
export const CONTROL_BYTES = 8;

/** A slot by the number of its block, which was sent before. */
export interface SlotPlace {
  readonly block: number;
  readonly index: number;
}

/** What a loop is told, in the order of what was done. */
export type Command =
  | { readonly type: 'block'; readonly block: number; readonly buffer: SharedArrayBuffer }
  | {
      readonly type: 'track';
      readonly task: number;
      readonly jobId: number;
      readonly slots: readonly SlotPlace[];
      readonly progress: number;
    }
  | { readonly type: 'slot'; readonly task: number; readonly slot: SlotPlace }
  | { readonly type: 'say'; readonly task: number; readonly text: string | null }
  | { readonly type: 'untrack'; readonly task: number };

/** What a loop tells. */
export type Report =
  | { readonly type: 'gone'; readonly tasks: readonly number[] }
  | { readonly type: 'cancelRequested'; readonly jobIds: readonly number[] }
  /** Once, until it has written again. */
  | {
      readonly type: 'failed';
      readonly code: ErrorCode | undefined;
      readonly message: string;
    };

/** Every so many beats it is looked whether the jobs of tasks that stand still are there. */
const BEATS_PER_LOOK = 10;

/** While flushes fail (a full disk, a file that was replaced), this many times slower. */
const SLOWER_IF_FAILING = 10;

/**
 * While nothing moves, and the more moves the more, the interval grows up to this many times: what
 * the processor has to do for it stays bounded, and no value gets older than 210 ms in it.
 */
const SLOWEST = 1.75;

/** After so many beats in which nothing has moved. */
const IDLE_BEATS = 3;

/** With so many tasks that move at once. */
const MANY_TASKS = 100;

/** How long the last flush waits for the lock. */
const LAST_FLUSH_MS = 1000;

interface Tracked {
  readonly task: number;
  readonly jobId: number;
  readonly slots: Slot[];
  /** What does not come from the slots. */
  readonly base: number;
  /** What the file holds. */
  written: number;
  /** What the file does not hold yet; undefined: nothing. */
  text: string | null | undefined;
}

/**
 * Carries progress from slots to the file, and news of its jobs back: a timer that runs while there
 * are tasks to look at, in a thread of its own or in that of the tasks. It never throws.
 */
export class ProgressLoop {
  readonly #setup: LoopSetup;
  readonly #report: (report: Report) => void;
  readonly #control: Int32Array;
  readonly #blocks = new Map<number, Float64Array>();
  readonly #tracked = new Map<number, Tracked>();
  readonly #requests: Warm<readonly number[]>;
  readonly #activeJobs: Warm<ReadonlySet<number>>;
  #engine: Engine | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  /** The last beat, on the clock of `monotonicMs()`, or when it should have begun. */
  #beganAt = 0;
  #isClosed = false;
  /** As we wrote it last. */
  #leaseUntil = 0;
  #idleBeats = 0;
  /** How many tasks had moved at the last beat. */
  #moving = 0;
  #told: ReadonlySet<number> = new Set();
  #isFailing = false;

  constructor(setup: LoopSetup, report: (report: Report) => void) {
    this.#setup = setup;
    this.#report = report;
    this.#control = new Int32Array(setup.control);
    this.#requests = new Warm(() => cancelRequestedBody(setup.ownerId));
    this.#activeJobs = new Warm(() => activeJobsBody(setup.ownerId));
  }

  obey(command: Command): void {
    this.#wake();
    if (command.type === 'block') {
      this.#blocks.set(command.block, new Float64Array(command.buffer));
    } else if (command.type === 'track') {
      const { task, jobId, progress } = command;
      const slots = command.slots.map((place) => this.#slotAt(place));
      const track = { task, jobId, slots, base: progress, written: progress, text: undefined };
      this.#tracked.set(task, track);
      this.#schedule();
    } else if (command.type === 'untrack') {
      this.#tracked.delete(command.task);
    } else {
      const tracked = this.#tracked.get(command.task);
      if (command.type === 'slot') tracked?.slots.push(this.#slotAt(command.slot));
      else if (tracked) tracked.text = command.text;
    }
  }

  /** One flush more, and the end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#beating;
    try {
      if (this.#samples().length > 0) await this.#flush(LAST_FLUSH_MS);
    } catch {
      // It was tried, and there is nobody left to try again.
    }
    await this.#engine?.close().catch(() => undefined);
  }

  /** Who is told something has not been idle long: what it does next is not to wait longer. */
  #wake(): void {
    if (this.#idleBeats < IDLE_BEATS) return;
    this.#idleBeats = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#schedule();
  }

  #slotAt({ block, index }: SlotPlace): Slot {
    return { values: this.#blocks.get(block) ?? new Float64Array(), index };
  }

  #schedule(): void {
    if (this.#timer || this.#beating || this.#isClosed || this.#tracked.size === 0) return;
    const intervalMs = this.#setup.intervalMs * this.#slower() * (0.8 + 0.4 * Math.random());
    // What the last one took, most of it perhaps waiting, is a part of the interval.
    const dueAt = this.#beganAt + intervalMs;
    const delayMs = Math.max(0, dueAt - monotonicMs());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // On a busy machine a late one is made up for by the next.
      this.#beganAt = Math.max(dueAt, monotonicMs() - intervalMs / 2);
      this.#beating = this.#beat().then(() => {
        this.#beating = undefined;
        this.#schedule();
      });
    }, delayMs).unref();
  }

  /** By how much the next interval is longer than the shortest. */
  #slower(): number {
    if (this.#isFailing) return SLOWER_IF_FAILING;
    if (this.#idleBeats >= IDLE_BEATS) return SLOWEST;
    return 1 + (SLOWEST - 1) * Math.min(1, this.#moving / MANY_TASKS);
  }

  async #beat(): Promise<void> {
    const beat = Atomics.add(this.#control, BEATS, 1);
    try {
      this.#moving = this.#samples().length;
      this.#idleBeats = this.#moving > 0 ? 0 : this.#idleBeats + 1;
      if (this.#moving > 0 || this.#isLeaseDue()) {
        await this.#flush(this.#setup.lockTimeoutMs);
      } else {
        this.#tellRequests(await this.#know(this.#requests));
      }
      if (beat % BEATS_PER_LOOK === 0) await this.#lookAtJobs();
      this.#isFailing = false;
    } catch (error) {
      this.#tellFailure(error);
    }
  }

  /** What the file does not know. */
  #samples(): Sample[] {
    const samples: Sample[] = [];
    for (const { task, slots, base, written, text } of this.#tracked.values()) {
      const seen = Math.min(base + sumOf(slots), AMOUNT_MAX);
      if (seen > written) samples.push({ task, progress: seen, message: text });
      else if (text !== undefined) samples.push({ task, progress: written, message: text });
    }
    return samples;
  }

  async #flush(lockTimeoutMs: number): Promise<void> {
    const engine = await this.#open();
    const done = await engine.write(() => this.#flushBody(), { lockTimeoutMs });
    if (done === undefined) return;
    for (const { task, progress, message } of done.samples) {
      const tracked = this.#tracked.get(task);
      if (tracked === undefined) continue;
      tracked.written = progress;
      // Another text may have come meanwhile.
      if (tracked.text === message) tracked.text = undefined;
    }
    this.#leaseUntil = done.leaseUntil ?? this.#leaseUntil;
    this.#tellGone(done.gone);
    this.#tellRequests(done.cancelRequested);
  }

  /** Takes its samples in its turn: what is written is not older for having waited for the lock. */
  *#flushBody(): Steps<(Flushed & Pick<FlushRequest, 'samples' | 'leaseUntil'>) | undefined> {
    // Under the lock: either this is before what the process writes at its end, or nothing is.
    if (Atomics.load(this.#control, STOPPED) !== 0) return undefined;
    const { ownerId, leaseMs } = this.#setup;
    const at = Date.now();
    const leaseUntil = this.#isLeaseDue() ? at + leaseMs : undefined;
    const samples = this.#samples();
    return { samples, leaseUntil, ...(yield* flushBody({ ownerId, samples, leaseUntil, at })) };
  }

  /** Nobody takes the owner for dead while this is not so: there is no need to look at its row. */
  #isLeaseDue(): boolean {
    return isLeaseDue(this.#leaseUntil, Date.now(), this.#setup.leaseMs);
  }

  /** A value of the file: one read of 8 bytes while nobody has changed the file. */
  async #know<T>(warm: Warm<T>): Promise<T> {
    const engine = await this.#open();
    return engine.peek(warm) ?? (await engine.read(() => warm.get()));
  }

  /** Whoever moves is missed by a flush; this is for those who do not. */
  async #lookAtJobs(): Promise<void> {
    // Those of now: what comes while it is looked up may be younger than what is found.
    const tracked = [...this.#tracked.values()];
    const active = await this.#know(this.#activeJobs);
    this.#tellGone(tracked.filter(({ jobId }) => !active.has(jobId)).map(({ task }) => task));
  }

  #tellGone(tasks: readonly number[]): void {
    if (tasks.length === 0) return;
    for (const task of tasks) this.#tracked.delete(task);
    this.#report({ type: 'gone', tasks });
  }

  #tellRequests(jobIds: readonly number[]): void {
    const news = jobIds.filter((jobId) => !this.#told.has(jobId));
    this.#told = new Set(jobIds);
    if (news.length > 0) this.#report({ type: 'cancelRequested', jobIds: news });
  }

  #tellFailure(error: unknown): void {
    const code = error instanceof HoldfastError ? error.code : undefined;
    if (code === 'LOCK_TIMEOUT' || this.#isFailing) return;
    this.#isFailing = true;
    this.#report({ type: 'failed', code, message: String(error) });
  }

  async #open(): Promise<Engine> {
    const { file, durability, lockTimeoutMs } = this.#setup;
    this.#engine ??= await openSqlite({
      ...{ file, schema: tasksSchema, create: false, durability, lockTimeoutMs },
    });
    return this.#engine;
  }
}
