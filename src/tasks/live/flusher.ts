import type { Durability, Engine } from '../../engine/engine.ts';
import { HoldfastError } from '../../errors.ts';
import { flushBody, type Sample } from '../write/flush.ts';
import { LEASE_MS } from '../write/owners.ts';
import { type LoopHost, startThread, startTimer } from './flusher-thread.ts';
import {
  BEATS,
  CONTROL_BYTES,
  type Command,
  type LoopSetup,
  type Report,
  type SlotPlace,
  STOPPED,
} from './progress-loop.ts';
import { type Slot, sumOf } from './slots.ts';

export interface FlusherOptions {
  readonly file: string;
  /** Of its row, which is there. */
  readonly ownerId: number;
  readonly durability: Durability;
  /** Between two flushes, 20 % more or less. Default 100. */
  readonly intervalMs?: number | undefined;
  /** Default `LEASE_MS`. Renewed when a third of it is over, while anything is tracked. */
  readonly leaseMs?: number | undefined;
  /**
   * How long a flush waits for the writer lock before it is left to the next one. Default 2,000: a
   * wait that is given up is granted all the same, and keeps the lock from others until this thread
   * has given it back.
   */
  readonly lockTimeoutMs?: number | undefined;
  /**
   * Of this thread. It writes what is counted until the other thread has begun, which takes that
   * 150 ms, and on a busy machine a good part of a second. Default: nobody does.
   */
  readonly engine?: Engine | undefined;
  /** False: a timer in this thread instead of a thread. Default true, where threads can be started. */
  readonly worker?: boolean | undefined;
}

/** Called in turns of their own, some time after what they tell of. */
export interface FlushListener {
  /** Tracked tasks that have ended or were removed, by others. They are tracked no more. */
  gone(tasks: readonly number[]): void;
  /** Jobs with tracked tasks, or other ones of this owner: each is told once. */
  cancelRequested(jobIds: readonly number[]): void;
  /** Flushes fail; it is tried on, and told again only after one that succeeded. */
  failed(error: unknown): void;
}

/** How long the end of the process waits for the lock for the sake of progress. */
const EXIT_MS = 50;

/** How many texts one beat of the loop is sent at once; beyond, only the last one of each task. */
const TEXTS_PER_BEAT = 256;

interface Tracked {
  readonly jobId: number;
  readonly slots: Slot[];
  readonly progress: number;
  /** The last one; undefined: it has said nothing. */
  text: string | null | undefined;
}

/**
 * Carries the progress of the tasks of this process to the file: what slots hold is looked at every
 * 100 ms, by a thread that starts with the first task and goes on while this one is blocked, or by a
 * timer where there can be no such thread. It also keeps the owner's lease alive.
 */
export class Flusher {
  readonly #setup: LoopSetup;
  readonly #engine: Engine | undefined;
  readonly #listener: FlushListener;
  readonly #control: Int32Array;
  readonly #tracked = new Map<number, Tracked>();
  readonly #blocks = new Map<Float64Array, number>();
  readonly #late = new Set<number>();
  #wantsThread: boolean;
  #host: LoopHost | undefined;
  #closing: Promise<void> | undefined;
  #lateTimer: NodeJS.Timeout | undefined;
  #textsSent = 0;
  #beatSeen = 0;

  private constructor(options: FlusherOptions, listener: FlushListener) {
    const { file, ownerId, durability, intervalMs = 100, leaseMs = LEASE_MS } = options;
    const control = new SharedArrayBuffer(CONTROL_BYTES);
    const lockTimeoutMs = options.lockTimeoutMs ?? 2000;
    this.#setup = { file, ownerId, durability, intervalMs, leaseMs, lockTimeoutMs, control };
    this.#engine = options.engine;
    this.#listener = listener;
    this.#control = new Int32Array(control);
    this.#wantsThread = options.worker ?? true;
  }

  static start(options: FlusherOptions, listener: FlushListener): Flusher {
    return new Flusher(options, listener);
  }

  /** Whether a blocked event loop keeps no progress back; undefined before anything was tracked. */
  get isThread(): boolean | undefined {
    return this.#host?.isThread;
  }

  /**
   * From now on the file follows `progress`, which it holds already, plus what is in the slots. The
   * task's start was committed. One without slots never moves, but as long as it is tracked the lease
   * is renewed and its job's end and requests to cancel it are noticed. Twice: the second one counts.
   */
  track(task: number, jobId: number, slots: readonly Slot[], progress: number): void {
    if (this.#closing) return;
    const tracked = { jobId, slots: [...slots], progress, text: undefined };
    this.#tracked.set(task, tracked);
    if (this.#host) this.#tellOf(task, tracked);
    else this.#startHost();
  }

  /** A share of the task for another thread. */
  addSlot(task: number, slot: Slot): void {
    const tracked = this.#tracked.get(task);
    if (tracked === undefined) return;
    tracked.slots.push(slot);
    this.#tell({ type: 'slot', task, slot: this.#placeOf(slot) });
  }

  /** After its final transition was committed; then its slots may be released. */
  untrack(task: number): void {
    if (!this.#tracked.delete(task)) return;
    this.#late.delete(task);
    this.#tell({ type: 'untrack', task });
  }

  /** What it is doing, in words; goes with the next flush, the last one if there are many. */
  message(task: number, text: string | null): void {
    const tracked = this.#tracked.get(task);
    if (tracked === undefined) return;
    tracked.text = text?.toWellFormed() ?? null;
    this.#late.add(task);
    if (this.#maySendTexts()) this.#sendTexts();
    else this.#lateTimer ??= setTimeout(() => this.#sendTexts(), this.#setup.intervalMs).unref();
  }

  /**
   * In a handler of the `exit` event. What `engine` has queued is committed first, and waits for the
   * writer lock as long as each write said when it was asked for; then what this process has counted
   * and the file does not know, if the lock can be had within 50 ms. Answers whether nothing is left.
   */
  flushAtExit(engine: Engine): boolean {
    // What the loop has not yet written is older than what is written here.
    Atomics.store(this.#control, STOPPED, 1);
    const samples = this.#samples();
    if (samples.length > 0) {
      const { ownerId } = this.#setup;
      const body = () => flushBody({ ownerId, samples, at: Date.now() });
      engine.write(body, { lockTimeoutMs: EXIT_MS }).catch(() => undefined);
    }
    return engine.finishNow(EXIT_MS);
  }

  /** Flushes once more and ends the thread. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    this.#sendTexts();
    await this.#host?.close();
    this.#tracked.clear();
  }

  #startHost(): void {
    const onReport = (report: Report) => this.#hear(report);
    this.#host = this.#wantsThread ? this.#tryThread(onReport) : undefined;
    this.#host ??= startTimer(this.#setup, onReport);
    this.#blocks.clear();
    for (const [task, tracked] of this.#tracked) this.#tellOf(task, tracked);
  }

  #tryThread(onReport: (report: Report) => void): LoopHost | undefined {
    this.#wantsThread = false;
    try {
      const thread = startThread(this.#setup, onReport, () => this.#startHost());
      if (this.#engine) this.#writeUntilBegun(this.#engine);
      return thread;
    } catch {
      // Threads are forbidden here, or our files have no place of their own.
      return undefined;
    }
  }

  #writeUntilBegun(engine: Engine): void {
    const { intervalMs, ownerId } = this.#setup;
    const timer = setInterval(() => {
      if (this.#closing || Atomics.load(this.#control, BEATS) > 0) clearInterval(timer);
      else if (this.#samples().length > 0) {
        const body = () => flushBody({ ownerId, samples: this.#samples(), at: Date.now() });
        // The thread tells of what fails.
        engine.write(body).catch(() => undefined);
      }
    }, intervalMs).unref();
  }

  #tellOf(task: number, { jobId, slots, progress, text }: Tracked): void {
    const places = slots.map((slot) => this.#placeOf(slot));
    this.#tell({ type: 'track', task, jobId, slots: places, progress });
    if (text !== undefined) this.#tell({ type: 'say', task, text });
  }

  #tell(command: Command): void {
    this.#host?.tell(command);
  }

  /** Sends each block once, before the first of its slots. */
  #placeOf({ values, index }: Slot): SlotPlace {
    let block = this.#blocks.get(values);
    if (block === undefined) {
      block = this.#blocks.size;
      this.#blocks.set(values, block);
      this.#tell({ type: 'block', block, buffer: values.buffer as SharedArrayBuffer });
    }
    return { block, index };
  }

  /**
   * Texts are sent at once, because the turn in which they could be sent together may be long in
   * coming; but who says more than anybody can read must not bury the loop in messages.
   */
  #maySendTexts(): boolean {
    const beat = Atomics.load(this.#control, BEATS);
    if (beat !== this.#beatSeen) this.#textsSent = 0;
    this.#beatSeen = beat;
    return this.#textsSent < TEXTS_PER_BEAT;
  }

  #sendTexts(): void {
    clearTimeout(this.#lateTimer);
    this.#lateTimer = undefined;
    for (const task of this.#late) {
      const text = this.#tracked.get(task)?.text;
      if (text !== undefined) this.#tell({ type: 'say', task, text });
      this.#textsSent += 1;
    }
    this.#late.clear();
  }

  #samples(): readonly Sample[] {
    const samples: Sample[] = [];
    for (const [task, { slots, progress, text }] of this.#tracked) {
      const counted = sumOf(slots);
      if (!(counted > 0) && text === undefined) continue;
      samples.push({ task, progress: progress + counted, message: text });
    }
    return samples;
  }

  #hear(report: Report): void {
    if (this.#closing) return;
    if (report.type === 'cancelRequested') this.#listener.cancelRequested(report.jobIds);
    else if (report.type === 'gone') this.#hearGone(report.tasks);
    else {
      const { code, message } = report;
      this.#listener.failed(code ? new HoldfastError(code, message) : new Error(message));
    }
  }

  /** Those that have been ended here meanwhile are no news. */
  #hearGone(tasks: readonly number[]): void {
    const news = tasks.filter((task) => this.#tracked.delete(task));
    if (news.length > 0) this.#listener.gone(news);
  }
}
