import { drained, pause, turn, whenDrained } from './event-loop.ts';
import { OutsideWork } from './outside-work.ts';
import { beat } from './pulse.ts';
import { OBSERVER, type Step, type Strategy } from './step.ts';
import { type Timer, Timers } from './timers.ts';
import { WithinStep } from './within-step.ts';

/** Something to be done next, maybe because a timer is due. */
interface OpenStep extends Step {
  readonly timer?: Timer | undefined;
}

/**
 * How a schedule ended. `deadlock`: nobody could go on. `endless`: it took more steps than allowed.
 * `cut`: an interruption ended it. `held`: somebody did the same over and over in one step.
 */
export type End = 'done' | 'deadlock' | 'endless' | 'cut' | 'held';

/** What came of code that others did not hold up. */
export type Attended<T> =
  | { readonly end: 'done'; readonly value: T }
  | { readonly end: 'deadlock' | 'endless' | 'held' };

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

/** What nobody has to clear. */
const NO_TIMER = 0;

/** Simulated time that each step takes: short timeouts race with I/O, long ones do not. */
const STEP_MS = 0.05;

/**
 * After so many steps in which nobody got anything done each step takes ten times as long: whoever
 * looks again every few ms until a minute is over comes to that.
 */
const PATIENT_STEPS = 1000;

/** Calls that the observer does at once: more are a loop, which must not hold this thread up. */
const AT_ONCE_MAX = 100_000;

/**
 * Decides what happens when among clients that share one thread. Every asynchronous call of a client
 * waits here twice: before it takes effect, and before its answer is told. What the observer asks
 * for, who makes a store and judges it, happens at once.
 */
export class Scheduler {
  /** Of those steps that were chosen among several, the place chosen; replays the schedule. */
  readonly choices: number[] = [];
  /** What happened, in order. */
  readonly labels: string[] = [];
  /** What clients begin that is not controlled. */
  readonly outside = new OutsideWork();
  /** Names of calls between which and the next one nothing could come. */
  readonly synchronous = new Set<string>();
  /** What code does while nobody else can go on. */
  readonly within = new WithinStep();
  interruption: Interruption | undefined;
  /** Told of what a client threw and nobody caught. */
  onCrash: ((client: number, error: unknown) => void) | undefined;
  #isClosed = false;
  #steps: OpenStep[] = [];
  readonly #timers = new Timers();
  #nowMs: number;
  #points = 0;
  /** When something was last got done. */
  #progressAt = 0;
  #atOnce = 0;
  #foreignMs = 0;
  /** Changes whenever a client adds a step or is done. */
  #news = 0;
  #last = -1;
  readonly #dead = new Set<number>();

  /** What time it is at first: a machine that comes back finds it later than before. */
  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The time that code of a client is shown: it passes while code does nothing but look at it. */
  lookAtClock(client: number): number {
    this.#nowMs += this.within.look(client);
    return this.#nowMs;
  }

  /** Steps taken so far: the clock of histories. */
  get points(): number {
    return this.#points;
  }

  /** A point at which others may go first. */
  point(client: number, label: string): Promise<void> {
    return new Promise((resolve) => this.#add({ client, label, fire: resolve }));
  }

  /** Performs a call step by step, and tells its answer later. */
  call(client: number, label: string, steps: Iterator<void, unknown>): Promise<unknown> {
    if (this.#isAtOnce(client)) return atOnce(steps);
    const told = new Promise<unknown>((resolve, reject) => {
      const answer = (fire: () => void) => this.#add({ client, label: `${label} → answer`, fire });
      const fail = (error: unknown) => {
        answer(() => {
          failedCalls.set(told, { scheduler: this, client });
          reject(error);
        });
      };
      const advance = () => {
        try {
          const { done, value } = steps.next();
          if (!done) this.#add({ client, label, fire: advance });
          else if (value instanceof Promise) {
            value.then((answered) => answer(() => resolve(answered)), fail);
          } else answer(() => resolve(value));
        } catch (error) {
          fail(error);
        }
      };
      this.#add({ client, label, fire: advance });
    });
    return told;
  }

  /** Performs a call of one step, as whoever calls, and tells its answer later. */
  async perform(client: number, label: string, code: () => unknown): Promise<unknown> {
    if (this.#isAtOnce(client)) return code();
    await this.point(client, label);
    try {
      const value = code();
      return value instanceof Promise ? await value : value;
    } finally {
      await this.point(client, `${label} → answer`);
    }
  }

  /** Waits until `isReady`, then performs. */
  wait(client: number, label: string, isReady: () => boolean, perform: () => void): Promise<void> {
    if (client === OBSERVER && isReady()) {
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
    return new Promise((resolve) => this.timer(client, `sleep ${ms} ms`, ms, resolve));
  }

  /** A call that happened at once: nothing could come between. */
  noteSync(name: string): void {
    this.synchronous.add(name);
  }

  /** Nothing happens any more, whoever still waits. */
  close(): void {
    this.#isClosed = true;
    this.#steps = [];
    this.#timers.remove(() => true);
    this.outside.clear();
  }

  /**
   * Calls `fire` when so much simulated time has passed, after none as soon as others let it;
   * answers a number for `clear`.
   */
  timer(client: number, label: string, ms: number, fire: () => void): number {
    if (this.#isGone(client)) return NO_TIMER;
    const dueMs = this.#nowMs + Math.max(0, ms);
    this.#news += 1;
    return this.#timers.add({ client, dueMs, label, isImmediate: ms <= 0, fire });
  }

  /** It does not fire any more, not even when it is due. */
  clear(id: number): void {
    this.#timers.remove((timer) => timer.id === id);
    this.#steps = this.#steps.filter(({ timer }) => timer?.id !== id);
  }

  /** Something was got done: whoever still goes on does not do so for nothing. */
  tellProgress(): void {
    this.#progressAt = this.#points;
  }

  /** A client has nothing more to do. */
  tellDone(): void {
    this.#news += 1;
    this.tellProgress();
  }

  /** Code of a client threw something, and nobody was there to catch it. */
  crash(client: number, error: unknown): void {
    if (!this.#isGone(client)) this.onCrash?.(client, error);
  }

  /** What this client would have done next never happens. */
  kill(client: number): void {
    this.#dead.add(client);
    this.#steps = this.#steps.filter((step) => step.client !== client);
    this.#timers.remove((timer) => timer.client === client);
  }

  /** What each client waits for. */
  waiting(): readonly { readonly client: number; readonly label: string }[] {
    return [...this.#steps, ...this.#timers.all].map(({ client, label }) => ({ client, label }));
  }

  /** Lets the clients go on one step at a time until all are done. */
  async run(isDone: () => boolean, strategy: Strategy, limits: Limits): Promise<End> {
    this.#foreignMs = limits.foreignMs;
    this.#progressAt = this.#points;
    await this.#settle(0);
    while (!isDone() && !this.within.heldUp) {
      if (this.#points === this.interruption?.at) {
        const { interruption } = this;
        this.interruption = undefined;
        if (interruption.strike()) return 'cut';
        continue;
      }
      if (this.#enabled().length === 0) {
        if (!(await this.#waitForForeign(isDone))) return 'deadlock';
        continue;
      }
      if (this.#points - this.#progressAt >= limits.steps) return 'endless';
      await this.#stride(isDone, strategy, limits);
    }
    return this.within.heldUp ? 'held' : 'done';
  }

  /**
   * Runs code of the observer. Only while that has to wait for something do the others go on, in
   * turn; it is no part of the schedule. What it never comes to is undefined.
   */
  async attend<T>(code: () => Promise<T>, limits: Limits): Promise<Attended<T>> {
    this.#foreignMs = limits.foreignMs;
    let isDone = false;
    const work = code().finally(() => {
      isDone = true;
    });
    work.catch(() => undefined);
    for (let taken = 0; ; taken += 1) {
      await this.#settle(-1);
      if (this.within.heldUp) return { end: 'held' };
      if (isDone) return { end: 'done', value: await work };
      if (taken >= limits.steps) return { end: 'endless' };
      const [step] = this.#enabled();
      if (step !== undefined) this.#fire(step, taken);
      else if (!(await this.#waitForForeign(() => isDone))) return { end: 'deadlock' };
    }
  }

  #choose(enabled: readonly Step[], strategy: Strategy): Step {
    const [only] = enabled;
    if (only !== undefined && enabled.length === 1) return only;
    const place = strategy.choose(enabled, this.#last);
    this.choices.push(place);
    return enabled[place] ?? (enabled[0] as Step);
  }

  /**
   * Takes one step after the other as long as each leads to the next. By ticks: a promise for each
   * would take longer than the step.
   */
  #stride(isDone: () => boolean, strategy: Strategy, limits: Limits): Promise<void> {
    return new Promise((resolve, reject) => {
      let news = this.#news;
      const takeNext = () => {
        try {
          const enabled = this.#enabled();
          const vain = this.#points - this.#progressAt;
          const isOver = isDone() || this.#points === this.interruption?.at || vain >= limits.steps;
          if (isOver || enabled.length === 0) return resolve();
          news = this.#news;
          this.#take(this.#choose(enabled, strategy));
          whenDrained(goOn);
        } catch (error) {
          reject(error);
        }
      };
      const goOn = () => {
        if (this.#news !== news && !this.outside.isFresh) takeNext();
        else this.#rest(news).then(takeNext, reject);
      };
      takeNext();
    });
  }

  #take(step: Step): void {
    this.#points += 1;
    this.#last = step.client;
    this.labels.push(`${step.client} ${step.label}`);
    this.#fire(step, this.#points - this.#progressAt);
  }

  /** `vain` steps were taken in which nobody got anything done. */
  #fire(step: Step, vain: number): void {
    this.#steps.splice(this.#steps.indexOf(step), 1);
    this.within.clear();
    beat();
    this.#nowMs +=
      vain < PATIENT_STEPS ? STEP_MS : STEP_MS * 10 ** Math.floor(vain / PATIENT_STEPS);
    step.fire();
  }

  /**
   * Until everybody whom the last step has woken has come to the next call, or to an end. What nobody
   * controls is waited for as well, so that it is over at the same place in each schedule.
   */
  async #settle(news: number): Promise<void> {
    await drained();
    if (this.#news === news || this.outside.isFresh) await this.#rest(news);
  }

  async #rest(news: number): Promise<void> {
    if (this.#news === news) await turn();
    await this.outside.settle(this.#foreignMs, () => this.#news !== news);
  }

  /** Whether this client was not killed. */
  isAlive(client: number): boolean {
    return !this.#dead.has(client);
  }

  /** Nothing that the observer asks for is a matter of order. */
  #isAtOnce(client: number): boolean {
    if (client !== OBSERVER || this.#atOnce >= AT_ONCE_MAX || this.#isClosed) return false;
    this.#atOnce += 1;
    return true;
  }

  #isGone(client: number): boolean {
    return this.#isClosed || this.#dead.has(client);
  }

  #add(step: Step): void {
    if (this.#isGone(step.client)) return;
    this.#steps.push(step);
    this.#news += 1;
  }

  #enabled(): readonly Step[] {
    this.#ring();
    let enabled = this.#open();
    while (enabled.length === 0 && !this.#timers.isEmpty) {
      this.#nowMs = this.#timers.firstMs;
      this.#ring();
      enabled = this.#open();
    }
    return enabled;
  }

  /** Timers that are due become steps. */
  #ring(): void {
    if (this.#timers.isEmpty) return;
    for (const timer of this.#timers.takeDue(this.#nowMs)) {
      const { client, label, fire } = timer;
      this.#steps.push({ client, label, timer, fire });
    }
  }

  #open(): readonly Step[] {
    const steps = this.#steps;
    if (!steps.some(({ isBlocked, timer }) => isBlocked ?? timer)) return steps.slice();
    const first = new Set<string>();
    return steps.filter(({ client, isBlocked, timer }) => {
      if (timer === undefined) return !(isBlocked?.() ?? false);
      const queue = `${client} ${timer.isImmediate}`;
      const isFirst = !first.has(queue);
      first.add(queue);
      return isFirst;
    });
  }

  /** What a client may be waiting for although nobody controls it. False: there is nothing. */
  async #waitForForeign(isDone: () => boolean): Promise<boolean> {
    const news = this.#news;
    await turn();
    const deadline = performance.now() + this.#foreignMs;
    for (;;) {
      if (this.#news !== news || isDone()) return true;
      if (!this.outside.isOpen || performance.now() > deadline) return false;
      await pause();
    }
  }
}

/** Whose calls those were that have failed: nobody plays when they are told so. */
const failedCalls = new WeakMap<
  object,
  { readonly scheduler: Scheduler; readonly client: number }
>();

/** Whose call it was that this promise is the answer of, if it has failed. */
export function callerOf(promise: unknown) {
  return typeof promise === 'object' && promise ? failedCalls.get(promise) : undefined;
}

async function atOnce(steps: Iterator<void, unknown>): Promise<unknown> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
