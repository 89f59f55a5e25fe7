import { shortJson } from '../declare/operation.ts';
import type { StallKind } from '../stall/diagnosis.ts';
import type { Look } from '../stall/look.ts';
import { StallWatch } from '../stall/stall-watch.ts';
import type { Slot, SlotReader } from './slots.ts';

/** What a client is doing. */
export interface InFlight {
  readonly client: number;
  readonly f: string;
  readonly input: unknown;
  /** Nanoseconds since the run began. */
  readonly since: number;
}

/** What a run was doing when it was given up. */
export interface Stall {
  /**
   * Besides what a diagnosis can tell: `stalled`: nothing has returned for too long. `late`: the run
   * as a whole took too long.
   */
  readonly kind: StallKind | 'stalled' | 'late';
  readonly message: string;
  readonly inFlight: readonly Slot[];
  /** Workers to ask what they are at. */
  readonly workers: readonly number[];
}

export interface WatchdogOptions {
  /** Longest time without any operation returning, and of one operation while others return. */
  readonly stallMs: number;
  /** `process.hrtime.bigint()` at which the run as a whole is given up. */
  readonly limitAt: bigint;
  /** What can be seen of clients and workers; without it only time tells. */
  readonly observe?: (() => Pick<Look, 'clients' | 'workers'>) | undefined;
}

/** Looks at the operations in flight from outside. The workers cannot hold it up. */
export class Watchdog implements Disposable {
  /** Settles when the run is to be given up, and not otherwise. */
  readonly stalled: Promise<Stall>;
  readonly #slots: SlotReader;
  readonly #options: WatchdogOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #everyMs: number;
  readonly #watch: StallWatch;
  #slow: string | undefined;
  #progress = -1;
  #idleMs = 0;
  #lookedAt = performance.now();

  constructor(slots: SlotReader, options: WatchdogOptions) {
    this.#slots = slots;
    this.#options = options;
    this.#watch = new StallWatch({ stallMs: options.stallMs, slowMs: options.stallMs });
    const { promise, resolve } = Promise.withResolvers<Stall>();
    this.stalled = promise;
    this.#everyMs = Math.min(LOOK_MS, options.stallMs / 4);
    this.#timer = setInterval(() => {
      const stall = this.#look();
      if (stall) resolve(stall);
    }, this.#everyMs);
  }

  /** What was said of an operation that took very long. */
  get slow(): string | undefined {
    return this.#slow;
  }

  /** Something other than an operation has got on: a barrier, an open, a close. */
  touch(): void {
    this.#idleMs = 0;
    this.#lookedAt = performance.now();
    this.#watch.touch();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): Stall | undefined {
    const now = performance.now();
    // Where this process did not run either (it was stopped, the machine slept), nobody stalled.
    this.#idleMs += Math.min(now - this.#lookedAt, 2 * this.#everyMs);
    this.#lookedAt = now;
    const progress = this.#slots.progress();
    if (progress !== this.#progress) {
      this.#progress = progress;
      this.#idleMs = 0;
    }
    const { limitAt } = this.#options;
    const found = this.#diagnose(now) ?? this.#silence();
    if (found) return found;
    if (process.hrtime.bigint() > limitAt) {
      const message = 'the run took longer than its limit';
      return { kind: 'late', message, inFlight: this.#slots.inFlight(), workers: [] };
    }
    return undefined;
  }

  /** What clients and workers do tells more than time alone. */
  #diagnose(now: number): Stall | undefined {
    const { observe } = this.#options;
    if (observe === undefined) return undefined;
    const found = this.#watch.look({ atMs: now, ...observe() });
    // Others get on: it may be that all come to an end, or that all stand still in the end.
    if (found?.kind === 'slow') this.#slow ??= found.message;
    else if (found) return { ...found, inFlight: this.#slots.inFlight() };
    return undefined;
  }

  /** Whatever the reason. */
  #silence(): Stall | undefined {
    const { stallMs, observe } = this.#options;
    // Where there is something to see and no diagnosis, wait longer. Time in which the machine lets
    // nobody go on does not count.
    const limitMs = (observe ? PATIENCE : 1) * stallMs;
    const idleMs = this.#idleMs;
    const stillMs = observe ? Math.min(idleMs, this.#watch.stillMs) : idleMs;
    if (stillMs <= limitMs) return undefined;
    const inFlight = this.#slots.inFlight();
    const what = inFlight.length > 0 ? 'no operation has returned' : 'no worker has answered';
    if (inFlight.length === 0 && stillMs <= START_MS) return undefined;
    const message = `${what} for ${Math.round(idleMs)} ms`;
    return { kind: 'stalled', message, inFlight, workers: [] };
  }
}

const LOOK_MS = 250;

/** Times the longest time that is allowed. */
const PATIENCE = 3;

/** A worker may take that long to start and to open its stores, on a machine that is busy. */
const START_MS = 30_000;

/** The table of operations in flight as lines, one a client. */
export function inFlightTable(inFlight: readonly InFlight[], now: number): string[] {
  return inFlight.map(({ client, f, input, since }) => {
    const ageMs = Math.max(0, (now - since) / 1e6);
    return `client ${client}  ${f} ${shortJson(input)}  for ${ageMs.toFixed(0)} ms`;
  });
}
