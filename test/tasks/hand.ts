import { setTimeout as pause } from 'node:timers/promises';
import { serve } from '../../proof/tasks/serve.ts';
import { HoldfastError } from '../../src/errors.ts';
import { group, type Job, type JobTree, leaf, Tasks } from '../../src/tasks.ts';
import { Random } from '../../src/torture/declare/random.ts';

// A process that works on a store as tests ask it to.

let tasks: Tasks;
let warnings = 0;
const held: Job[] = [];

process.on('warning', ({ name }) => {
  if (name === 'HoldfastTasksWarning') warnings += 1;
});

const calls = {
  async open(dir: string): Promise<number> {
    tasks = await Tasks.open({ dir, lockTimeoutMs: 60_000 });
    return process.pid;
  },

  /** Registers so many jobs, each with a task that runs and one that waits. */
  async hold(count: number): Promise<void> {
    for (let nth = 0; nth < count; nth += 1) {
      const job = await tasks.register(group('held', [leaf('runs'), leaf('waits')]));
      await job.child('runs').start();
      held.push(job);
    }
  },

  async reap(): Promise<number> {
    return await tasks.reap();
  },

  /** Ends each task that runs in three ways at once; answers how often each had its way. */
  async endThrice(): Promise<Readonly<Record<string, number>>> {
    const won: Record<string, number> = {};
    for (const [nth, job] of held.entries()) {
      const task = job.child('runs');
      const ways = [
        ['finish', () => task.finish()],
        ['cancel', () => task.cancel()],
        ['fail', () => job.fail()],
      ] as const;
      // Another one is first each time.
      const turned = [...ways.slice(nth % 3), ...ways.slice(0, nth % 3)];
      const ends = turned.map(([way, end]) => [way, end()] as const);
      for (const [way, end] of ends) {
        const outcome = await end.then(() => way, refusalOf);
        won[outcome] = (won[outcome] ?? 0) + 1;
      }
      await pause(1);
    }
    return won;
  },

  /** Counts for so long without letting the event loop turn; answers how far it came. */
  async spin(ms: number): Promise<number> {
    const task = held[0]?.child('runs');
    if (task === undefined) throw new TypeError('nothing is held');
    const end = performance.now() + ms;
    while (performance.now() < end) for (let count = 0; count < 1000; count += 1) task.advance();
    return task.progress;
  },

  /** Stores, moves, ends and removes jobs of `keys` shared ids for so long; answers its warnings. */
  async churn(ms: number, keys: number, seed: number): Promise<number> {
    const random = new Random(String(seed));
    const end = performance.now() + ms;
    while (performance.now() < end) {
      const key = `shared-${random.int(keys)}`;
      await attempt(async () => {
        if (random.int(4) === 0) return void (await tasks.remove(key, { force: true }));
        const plan = group('shared', [leaf('a'), leaf('b', { volume: 9 })]);
        const job = await tasks.register(plan, { job: key, onConflict: 'replace' });
        await job.child('a').start();
        job.child('a').advance(3);
        await pause(random.int(30));
        if (random.int(2) === 0) await job.fail('drawn');
        else await job.child('a').finish();
      });
    }
    return warnings;
  },

  /** Gives its rights away; answers what it can read, and how it is refused to write. */
  async withoutRights(dir: string): Promise<Readonly<Record<string, readonly string[]>>> {
    process.setgid?.(65_534);
    process.setuid?.(65_534);
    tasks = await Tasks.open({ dir, user: 'nobody' });
    const codeOf = (call: Promise<unknown>) => call.then(String, (error) => String(error.code));
    const { items } = await tasks.list({ allUsers: true });
    const { value } = await tasks.subscribe({ allUsers: true }).next();
    return {
      listed: items.map(({ job }) => job.job),
      subscribed: value.kind === 'snapshot' ? value.jobs.map(({ job }: JobTree) => job.job) : [],
      refused: [
        await codeOf(tasks.register(leaf('a'))),
        await codeOf(tasks.purge({ allUsers: true })),
        await codeOf(tasks.requestCancel('j')),
      ],
    };
  },

  /** Says something every few ms for so long. */
  async talk(ms: number): Promise<void> {
    const { root } = await tasks.register(leaf('talks'));
    const end = performance.now() + ms;
    while (performance.now() < end) {
      await root.log('as before');
      await pause(5);
    }
  },

  /** Purges again and again for so long; answers how many jobs it has removed. */
  async purge(ms: number): Promise<number> {
    const end = performance.now() + ms;
    let count = 0;
    while (performance.now() < end) {
      count += await tasks.purge({ force: true });
      await pause(5);
    }
    return count;
  },
};
export type TestHand = typeof calls;

/** Others may take away what it works on at any moment. */
async function attempt(work: () => Promise<void>): Promise<void> {
  await work().catch(refusalOf);
}

function refusalOf(error: unknown): string {
  const isExpected =
    error instanceof HoldfastError && ['DETACHED', 'ILLEGAL_TRANSITION'].includes(error.code);
  if (!isExpected) throw error;
  return error.code;
}

serve(calls);
