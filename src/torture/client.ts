import { setTimeout as pause } from 'node:timers/promises';
import type { AnyDeclared, Fate } from './declaration.ts';
import { drawRound } from './draw.ts';
import type { Operation } from './operation.ts';
import { shortJson } from './operation.ts';
import { type Phase, roleOf } from './plan.ts';
import type { SlotWriter } from './slots.ts';
import type { Turns } from './turns.ts';

/** Where a client puts what it has seen. */
export type Record = (operation: Operation) => void;

/** What a client of any declaration is made of. */
export interface ClientContext {
  readonly declared: AnyDeclared;
  readonly seed: string;
  readonly repeat: number;
  /** When the run began. */
  readonly startedAt: bigint;
  readonly slots: SlotWriter;
  /** Of the thread that all clients of this worker share. */
  readonly turns: Turns;
  readonly record: Record;
}

interface Prepared {
  readonly f: string;
  readonly input: unknown;
  readonly text: string;
}

/** One client: one handle of the store, one operation at a time. */
export class Client {
  readonly #number: number;
  readonly #store: unknown;
  readonly #context: ClientContext;
  #prepared: readonly Prepared[] = [];
  #where = { phase: '', round: 0 };
  #gapMs = 0;

  constructor(number: number, store: unknown, context: ClientContext) {
    this.#number = number;
    this.#store = store;
    this.#context = context;
  }

  /** Draws the inputs of a round, before the barrier. */
  arm(phase: Phase, round: number): void {
    this.#where = { phase: phase.name, round };
    this.#gapMs = roleOf(phase, this.#number)?.role.gapMs ?? 0;
    const { declared, seed, repeat } = this.#context;
    this.#prepared = drawRound(declared, { seed, repeat, phase, round, client: this.#number }).map(
      ({ f, input }) => ({ f, input, text: `${f} ${shortJson(input)}` }),
    );
  }

  /** Does the operations of the round. Never rejects. */
  async run(): Promise<void> {
    for (const prepared of this.#prepared) {
      await this.#perform(prepared);
      if (this.#gapMs > 0) await pause(this.#gapMs);
    }
  }

  async close(): Promise<void> {
    await this.#context.declared.store.close?.(this.#store);
  }

  async #perform({ f, input, text }: Prepared): Promise<void> {
    const { declared, slots, turns, record, startedAt } = this.#context;
    const operation = declared.ops[f];
    const since = (instant: bigint) => Number(instant - startedAt);
    const turn = turns.current;
    const invokedAt = since(process.hrtime.bigint());
    slots.begin(this.#number, text, invokedAt);
    const seen = { process: this.#number, ...this.#where, f, input, invokedAt };
    try {
      const output: unknown = await operation?.run(this.#store, input);
      const returnedAt = since(process.hrtime.bigint());
      const isInstant = turns.current === turn;
      record({ ...seen, output, outcome: 'ok', isInstant, returnedAt });
    } catch (error) {
      const returnedAt = since(process.hrtime.bigint());
      const { code, message } = describeError(error);
      const fate: Fate = operation?.on?.[code] ?? 'bug';
      record({
        ...seen,
        output: undefined,
        outcome: fate === 'fail' ? 'fail' : 'info',
        error: `${code}: ${message}`,
        isBug: fate === 'bug',
        isInstant: turns.current === turn,
        returnedAt,
      });
    } finally {
      slots.end(this.#number);
    }
  }
}

/** What the `on` table looks up, and what the report shows. */
export function describeError(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'THROWN', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { code, message: error.message };
}
