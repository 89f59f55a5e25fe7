import { setTimeout as pause } from 'node:timers/promises';
import type { AnyDeclared } from '../declare/declaration.ts';
import { type Drawn, drawRound } from '../declare/draw.ts';
import type { Operation } from '../declare/operation.ts';
import { type Phase, roleOf } from '../declare/plan.ts';
import { failureOf } from './perform.ts';
import type { RunClock } from './run-clock.ts';
import type { SlotWriter } from './slots.ts';
import type { Turns } from './turns.ts';

/** What a client of any declaration is made of. */
export interface ClientContext {
  readonly declared: AnyDeclared;
  readonly seed: string;
  readonly repeat: number;
  readonly phases: readonly Phase[];
  /** How often its worker was killed before: after that a client is another process of the history. */
  readonly generation: number;
  readonly clientCount: number;
  readonly clock: RunClock;
  readonly slots: SlotWriter;
  /** Of the thread that all clients of this worker share. */
  readonly turns: Turns;
  /** Told of each operation when it returns; without it they are kept until `take`. */
  readonly record?: ((operation: Operation) => void) | undefined;
}

const OK = 1;
const FAILED = 2;

/**
 * One client: one handle of the store, one operation at a time. What it sees goes into arrays that
 * are there before the round begins, because recording must not change what it records.
 */
export class Client {
  readonly #number: number;
  readonly #store: unknown;
  readonly #context: ClientContext;
  #drawn: readonly Drawn[] = [];
  #skipped = 0;
  #phase = '';
  #round = 0;
  #gapMs = 0;
  /** Between the times at which two operations are due. */
  #everyNs: number | undefined;
  #startedAt = 0;
  #lastEnd = 0;
  #invokedAt = new Float64Array(0);
  #returnedAt = new Float64Array(0);
  /** 0 while nobody knows. */
  #outcomes = new Uint8Array(0);
  /** Whether an operation was over in the turn of the event loop in which it had begun. */
  #isInstant = new Uint8Array(0);
  /** Results, or what was thrown. */
  #answers: unknown[] = [];

  constructor(number: number, store: unknown, context: ClientContext) {
    this.#number = number;
    this.#store = store;
    this.#context = context;
  }

  /** Draws the inputs of a round, before the barrier. The first `skipped` were done before. */
  arm(phaseIndex: number, round: number, skipped = 0): void {
    const { declared, seed, repeat, phases, slots } = this.#context;
    const phase = phases[phaseIndex];
    if (phase === undefined) throw new RangeError(`there is no phase ${phaseIndex}`);
    const client = this.#number;
    this.#phase = phase.name;
    this.#round = round;
    const { gapMs = 0, rate } = roleOf(phase, client)?.role ?? {};
    this.#gapMs = gapMs;
    this.#everyNs = rate === undefined ? undefined : 1e9 / rate;
    this.#drawn = drawRound(declared, { seed, repeat, phase, round, client });
    this.#skipped = skipped;
    slots.place(client, phaseIndex, round);
    const { length } = this.#drawn;
    this.#invokedAt = new Float64Array(length);
    this.#returnedAt = new Float64Array(length);
    this.#outcomes = new Uint8Array(length);
    this.#isInstant = new Uint8Array(length);
    this.#answers = new Array(length).fill(undefined);
  }

  /** Does the operations of the round. Never rejects. */
  async run(): Promise<void> {
    const { declared, turns, slots, clock, record } = this.#context;
    this.#startedAt = clock.begin();
    for (let index = this.#skipped; index < this.#drawn.length; index += 1) {
      const { f, input } = this.#drawn[index] as Drawn;
      if (this.#everyNs !== undefined) await this.#due(index);
      const turn = turns.current;
      this.#begin(index);
      try {
        const answer: unknown = declared.ops[f]?.run(this.#store, input);
        this.#end(index, OK, isThenable(answer) ? await answer : answer, turn);
      } catch (error) {
        this.#end(index, FAILED, error, turn);
      }
      // Whoever is killed between the two is found in the journal, and no operation is lost.
      record?.(this.#operation(index));
      slots.end(this.#number);
      if (this.#gapMs > 0) await pause(this.#gapMs);
    }
  }

  /** What was done in this round and not told before. */
  take(): Operation[] {
    if (this.#context.record) return [];
    const indexes = Array.from(this.#drawn.keys()).slice(this.#skipped);
    return indexes.map((index) => this.#operation(index));
  }

  async close(): Promise<void> {
    await this.#context.declared.store.close?.(this.#store);
  }

  /** Until an operation is due; at once when it is late. */
  async #due(index: number): Promise<void> {
    const waitMs = ((this.#dueAt(index) ?? 0) - this.#context.clock.begin()) / 1e6;
    if (waitMs > 0) await pause(waitMs);
  }

  #dueAt(index: number): number | undefined {
    const places = index - this.#skipped;
    return this.#everyNs === undefined ? undefined : this.#startedAt + places * this.#everyNs;
  }

  #begin(index: number): void {
    // A client is never at two operations, whatever the error of the clock.
    const now = Math.max(this.#lastEnd, this.#context.clock.begin());
    this.#invokedAt[index] = now;
    this.#context.slots.begin(this.#number, index, now);
  }

  #end(index: number, outcome: number, answer: unknown, turn: number): void {
    const { clock, turns } = this.#context;
    this.#lastEnd = clock.end();
    this.#returnedAt[index] = this.#lastEnd;
    this.#outcomes[index] = outcome;
    this.#answers[index] = answer;
    if (turns.current === turn) this.#isInstant[index] = 1;
  }

  #operation(index: number): Operation {
    const { f, input } = this.#drawn[index] as Drawn;
    const { generation, clientCount } = this.#context;
    const seen = {
      process: this.#number + generation * clientCount,
      phase: this.#phase,
      round: this.#round,
      ...{ f, input },
      dueAt: this.#dueAt(index),
      invokedAt: this.#invokedAt[index] as number,
      returnedAt: this.#returnedAt[index] as number,
      isInstant: this.#isInstant[index] === 1,
    };
    const answer = this.#answers[index];
    return this.#outcomes[index] === OK
      ? { ...seen, output: answer, outcome: 'ok' }
      : { ...seen, ...failureOf(this.#context.declared, f, answer) };
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
