import { setTimeout as pause } from 'node:timers/promises';
import { HoldfastError } from '../../src/errors.ts';
import { type Job, leaf, Tasks } from '../../src/tasks.ts';
import { serve } from './serve.ts';

// One of the processes of a round: they open a store that is not there, all at once.

/** One database, however it is spelled. */
const SPELLINGS = ['Rounds', 'rounds', 'ROUNDS', '  rounds '];

let tasks: Tasks;
let own: Job;
let replacing: Job;

const calls = {
  /** Answers `won`, or how the registration of an id that all want was refused; and a generation. */
  async race(dir: string, nth: number): Promise<{ rejected: string; generation: number }> {
    await hesitate();
    const database = SPELLINGS[nth % SPELLINGS.length];
    tasks = await Tasks.open({ dir, database, user: 'all', lockTimeoutMs: 60_000 });
    await hesitate();
    own = await tasks.register(leaf('own'), { job: `own-${nth}` });
    await hesitate();
    const rejected = await tasks
      .register(leaf('reject'), { job: 'reject' })
      .then(() => 'won', codeOf);
    await hesitate();
    replacing = await tasks.register(leaf('replace'), { job: 'replace', onConflict: 'replace' });
    return { rejected, generation: replacing.generation };
  },

  /** Starts what it has registered; answers what came of it. */
  async start(): Promise<readonly string[]> {
    const started = (job: Job) => job.start().then(() => 'started', codeOf);
    return [await started(own), await started(replacing)];
  },

  async leave(): Promise<void> {
    await tasks.close();
  },
};
export type RoundWorker = typeof calls;

/** 0 to 5 ms. */
function hesitate(): Promise<void> {
  return pause(5 * Math.random());
}

function codeOf(error: unknown): string {
  if (error instanceof HoldfastError) return error.code;
  throw error;
}

serve(calls);
