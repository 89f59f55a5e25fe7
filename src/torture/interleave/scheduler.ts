import type { Step, Strategy } from './step.ts';

interface Timer {
  readonly id: number;
  readonly client: number;
  readonly dueMs: number;
  readonly label: string;
  fire(): void;
}

/**
 * How a schedule ended. `deadlock`: nobody could go on. `endless`: it took more steps than allowed.
 * `cut`: an interruption ended it.
 */
export type End = 'done' | 'deadlock' | 'endless' | 'cut';

/** What happens from outside when so many steps have been taken. */
export interface Interruption {
  readonly at: number;
  /** Whether it is the end. */
  strike(): boolean;
}

export interface Limits {
  readonly steps: number;
  /** Longest wait, in ms of real time, for something that the rig does not control. */
  readonly foreignMs: number;
}

/** Simulated time that each step takes: short timeouts race with I/O, long ones do not. */
const STEP_MS = 0.05;

/** Turns of the microtask queue in which a client as a rule gets to its next call. */
const HOPS = 24;

/**
 * Decides what happens when among clients that share one thread. Every asynchronous call of a client
 * waits here twice: before it takes effect, and before its answer is told. While it is `free`,
 * nothing waits: a store is being made, or judged.
 */
export class Scheduler {
  /** Of those steps that were chosen among several, the place chosen; replays the schedule. */
  readonly choices: number[] = [];
  /** What happened, in order. */
  readonly labels: string[] = [];
  /** Names of resources that were waited for although nobody controls them. */
  readonly foreign = new Set<string>();
  /** Names of calls between which and the next one nothing could come. */
  readonly synchronous = new Set<string>();
  isFree = true;
  interruption: Interruption | undefined;
  #isClosed = false;
  #steps: Step[] = [];
  #timers: Timer[] = [];
  #nowMs = 0;
  #nextTimer = 1;
  #points = 0;
  /** Changes whenever a client adds a step or is done. */
  #news = 0;
  #last = -1;
  readonly #dead = new Set<number>();

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Steps taken so far: the clock of histories. */
  get points(): number {
    return this.#points;
  }

  /** A point at which others may go first. */
  point(client: number, label: string): Promise<void> {
    if (this.#isGone(client)) return NEVER;
    return new Promise((resolve) => this.#add({ client, label, fire: resolve }));
  }

  /** Performs a call step by step, and tells its answer later. */
  call(client: number, label: string, steps: Iterator<void, unknown>): Promise<unknown> {
    if (this.#isGone(client)) return NEVER;
    if (this.isFree) return atOnce(steps);
    return new Promise((resolve, reject) => {
      const answer = (fire: () => void) => this.#add({ client, label: `${label} → answer`, fire });
      const advance = () => {
        try {
          const { done, value } = steps.next();
          if (done) answer(() => resolve(value));
          else this.#add({ client, label, fire: advance });
        } catch (error) {
          answer(() => reject(error));
        }
      };
      this.#add({ client, label, fire: advance });
    });
  }

  /** Waits until `isReady`, then performs. */
  wait(client: number, label: string, isReady: () => boolean, perform: () => void): Promise<void> {
    if (this.#isGone(client)) return NEVER;
    if (this.isFree && isReady()) {
      perform();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const fire = () => {
        perform();
        resolve();
      };
      this.#add({ client, label, isBlocked: () => !isReady(), fire });
    });
  }

  sleep(client: number, ms: number): Promise<void> {
    if (this.isFree) return Promise.resolve();
    return new Promise((resolve) => this.timer(client, `sleep ${ms} ms`, ms, resolve));
  }

  /** A call that happened at once: nothing could come between. */
  noteSync(name: string): void {
    if (!this.isFree) this.synchronous.add(name);
  }

  /** Nothing happens any more, whoever still waits. */
  close(): void {
    this.#isClosed = true;
    this.#steps = [];
    this.#timers = [];
  }

  /** Calls `fire` when so much simulated time has passed; answers a number for `clear`. */
  timer(client: number, label: string, ms: number, fire: () => void): number {
    const id = this.#nextTimer++;
    const dueMs = this.#nowMs + Math.max(0, ms);
    this.#timers.push({ id, client, dueMs, label, fire });
    this.#news += 1;
    return id;
  }

  clear(id: number): void {
    this.#timers = this.#timers.filter((timer) => timer.id !== id);
  }

  /** A client has nothing more to do. */
  tellDone(): void {
    this.#news += 1;
  }

  /** What this client would have done next never happens. */
  kill(client: number): void {
    this.#dead.add(client);
    this.#steps = this.#steps.filter((step) => step.client !== client);
    this.#timers = this.#timers.filter((timer) => timer.client !== client);
  }

  /** What each client waits for. */
  waiting(): readonly { readonly client: number; readonly label: string }[] {
    return this.#steps.map(({ client, label }) => ({ client, label }));
  }

  /** Lets the clients go on one step at a time until all are done. */
  async run(isDone: () => boolean, strategy: Strategy, limits: Limits): Promise<End> {
    this.isFree = false;
    const points = this.#points;
    await this.#settle(0);
    while (!isDone()) {
      if (this.#points === this.interruption?.at) {
        const { interruption } = this;
        this.interruption = undefined;
        if (interruption.strike()) return 'cut';
        continue;
      }
      const enabled = this.#enabled();
      if (enabled.length === 0) {
        if (!(await this.#waitForForeign(limits.foreignMs, isDone))) return 'deadlock';
        continue;
      }
      if (this.#points - points >= limits.steps) return 'endless';
      await this.#take(this.#choose(enabled, strategy));
    }
    this.isFree = true;
    return 'done';
  }

  #choose(enabled: readonly Step[], strategy: Strategy): Step {
    const [only] = enabled;
    if (only !== undefined && enabled.length === 1) return only;
    const place = strategy.choose(enabled, this.#last);
    this.choices.push(place);
    return enabled[place] ?? (enabled[0] as Step);
  }

  async #take(step: Step): Promise<void> {
    this.#steps.splice(this.#steps.indexOf(step), 1);
    this.#points += 1;
    this.#nowMs += STEP_MS;
    this.#last = step.client;
    this.labels.push(`${step.client} ${step.label}`);
    const news = this.#news;
    step.fire();
    await this.#settle(news);
  }

  /** Until the client has come to its next call: as a rule within a few turns of microtasks. */
  async #settle(news: number): Promise<void> {
    for (let hop = 0; hop < HOPS; hop += 1) {
      await undefined;
      if (this.#news !== news) return;
    }
    await macrotask();
  }

  #isGone(client: number): boolean {
    return this.#isClosed || this.#dead.has(client);
  }

  #add(step: Step): void {
    this.#steps.push(step);
    this.#news += 1;
  }

  #enabled(): readonly Step[] {
    this.#ring();
    let enabled = this.#open();
    while (enabled.length === 0 && this.#timers.length > 0) {
      this.#nowMs = Math.min(...this.#timers.map(({ dueMs }) => dueMs));
      this.#ring();
      enabled = this.#open();
    }
    return enabled;
  }

  /** Timers that are due become steps. */
  #ring(): void {
    if (this.#timers.length === 0) return;
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#nowMs);
    if (due.length === 0) return;
    this.#timers = this.#timers.filter(({ dueMs }) => dueMs > this.#nowMs);
    due.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
    for (const { client, label, fire } of due) this.#steps.push({ client, label, fire });
  }

  #open(): readonly Step[] {
    const steps = this.#steps;
    return steps.some((step) => step.isBlocked)
      ? steps.filter((step) => !(step.isBlocked?.() ?? false))
      : steps.slice();
  }

  /** Real I/O that a client may be waiting for. False: there is none. */
  async #waitForForeign(limitMs: number, isDone: () => boolean): Promise<boolean> {
    const news = this.#news;
    await macrotask();
    const deadline = performance.now() + limitMs;
    for (;;) {
      if (this.#news !== news || isDone()) return true;
      const resources = process.getActiveResourcesInfo().filter((name) => FOREIGN.has(name));
      if (resources.length === 0 || performance.now() > deadline) return false;
      for (const name of resources) this.foreign.add(name);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** Resources of Node that stand for I/O in progress rather than for something that is kept open. */
const FOREIGN: ReadonlySet<string> = new Set([
  ...['FSReqCallback', 'FSReqPromise', 'FileHandleCloseReq', 'WriteWrap', 'TCPConnectWrap'],
  ...['GetAddrInfoReqWrap', 'PBKDF2Request', 'RandomBytesRequest', 'ScryptRequest', 'HashRequest'],
  ...['ZlibContext', 'ProcessWrap', 'WorkerThread', 'Argon2Request'],
]);

// Taken before a run may replace it.
const { setImmediate, setTimeout } = globalThis;

function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const NEVER: Promise<never> = new Promise(() => undefined);

async function atOnce(steps: Iterator<void, unknown>): Promise<unknown> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
