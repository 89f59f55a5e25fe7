import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { serve } from '../../proof/tasks/serve.ts';
import { HoldfastError } from '../../src/errors.ts';
import { type Job, Tasks } from '../../src/tasks.ts';
import { Random } from '../../src/torture/declare/random.ts';
import { type Call, randomCalls } from './random-calls.ts';
import { Trial } from './trial.ts';

// Makes random calls on jobs of its own, held against the model, and on jobs that all such processes
// share, where any of them may be refused.

const SHARED_KEYS = 20;
const REFUSALS = ['CONFLICT', 'DETACHED', 'ILLEGAL_TRANSITION'];

let tasks: Tasks;
let trial: Trial;

const calls = {
  async open(dir: string, nth: number): Promise<void> {
    tasks = await Tasks.open({
      dir,
      user: `user ${nth}`,
      onMisuse: 'throw',
      lockTimeoutMs: 60_000,
    });
    trial = new Trial(tasks, ['a', 'b']);
  },

  /** Answers how often each outcome was met, with its own and with shared jobs. */
  async work(count: number, seed: number): Promise<readonly Readonly<Record<string, number>>[]> {
    const series = fc.sample(randomCalls(count, count), { numRuns: 1, seed })[0] ?? [];
    const shared = new Shared(new Random(String(seed)));
    for (const call of series) {
      await trial.make(call);
      await shared.make(call);
    }
    return [trial.outcomes, shared.outcomes];
  },

  /** Resolves when the file holds all that was counted. */
  async settle(): Promise<void> {
    for (;;) {
      try {
        await trial.compare({ isSettled: true });
        return;
      } catch (error) {
        if (!(error instanceof assert.AssertionError)) throw error;
      }
      await pause(20);
    }
  },
};
export type RandomWorker = typeof calls;

class Shared {
  readonly outcomes: Record<string, number> = {};
  readonly #random: Random;
  readonly #jobs: Job[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  async make(call: Call): Promise<void> {
    const outcome = await this.#attempt(call).then(() => 'ok', codeOf);
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }

  async #attempt({ plan, flag }: Call): Promise<unknown> {
    const random = this.#random;
    const job = `shared-${random.int(SHARED_KEYS)}`;
    const user = 'all';
    const mine = this.#jobs[random.int(Math.max(1, this.#jobs.length))];
    const lot = random.int(8);
    if (lot <= 2 || mine === undefined) {
      const onConflict = flag ? 'replace' : 'reject';
      this.#jobs.push(await tasks.register(plan, { job, user, onConflict }));
      return undefined;
    }
    if (lot === 3) return await tasks.remove(job, { user, force: flag });
    if (lot === 4) return await tasks.requestCancel(job, { user });
    if (lot === 5) return await mine.start();
    if (lot === 6) return await mine.root.log('a line');
    return flag ? await mine.cancel() : await mine.finish();
  }
}

function codeOf(error: unknown): string {
  if (error instanceof HoldfastError && REFUSALS.includes(error.code)) return error.code;
  throw error;
}

serve(calls);
