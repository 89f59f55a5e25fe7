import { type Broken, torture } from '../../declare/declaration.ts';
import type { History } from '../../declare/history.ts';
import type { Draw } from '../../declare/input.ts';
import type { Phase, Size } from '../../declare/plan.ts';
import { isAlive, isSound } from './checks.ts';
import {
  type Act,
  type Answer,
  advanced,
  canceled,
  cancelRequested,
  failed,
  finished,
  type JobState,
  nothing,
  registered,
  removed,
  type Sight,
  sightOf,
  started,
  stepOf,
  type Wish,
} from './job-state.ts';
import { endedTwice, gaps, goneBack, outOfTurn, taskGaps } from './log-checks.ts';
import { orRefusal } from './refusal.ts';
import { type Site, siteStore } from './site.ts';
import type { SubjectEvent, SubjectJob } from './subject.ts';

const names = ['k0', 'k1', 'k2'];
const clients = 5;

/** Whatever is asked at once of one id, some order of it explains each answer. */
export const tl = torture({
  name: 'TL',
  store: siteStore(),
  model: { init: nothing, partition: ({ job }: Wish) => job },
  ops: (op) => ({
    register: op({
      in: wishOf,
      run: async ({ tasks, jobs }: Site, { job, force }) => {
        const answer = await orRefusal(tasks.register(job, { replaces: force }));
        if (typeof answer === 'string') return answer;
        jobs.set(job, answer);
        return answer.generation;
      },
      spec: by(registered),
    }),
    start: op({
      in: wishOf,
      run: (site: Site, wish) => withJob(site, wish, (job) => job.start()),
      spec: by(started),
    }),
    advance: op({
      in: wishOf,
      run: ({ jobs }: Site, { job, amount }) => {
        const one = jobs.get(job);
        if (one?.status !== 'running') return 'idle';
        one.advance(amount);
        return 'ok';
      },
      spec: (state: JobState, wish, answer: Answer | undefined) =>
        // It counts in memory, and learns later that it counts for nobody.
        answer === 'ok' && state.detached.includes(wish.client)
          ? true
          : stepOf(advanced, state, wish, answer),
    }),
    finish: op({
      in: wishOf,
      run: (site: Site, wish) =>
        withJob(site, wish, (job) => {
          if (job.status === 'running') job.advance(wish.amount);
          return job.finish();
        }),
      spec: by(finished),
    }),
    fail: op({
      in: wishOf,
      run: (site: Site, wish) => withJob(site, wish, (job) => job.fail()),
      spec: by(failed),
    }),
    cancel: op({
      in: wishOf,
      run: (site: Site, wish) => withJob(site, wish, (job) => job.cancel()),
      spec: by(canceled),
    }),
    requestCancel: op({
      in: wishOf,
      run: ({ tasks }: Site, { job }) => tasks.requestCancel(job),
      spec: by(cancelRequested),
    }),
    remove: op({
      in: wishOf,
      run: ({ tasks }: Site, { job, force }) => orRefusal(tasks.remove(job, force)),
      spec: by(removed),
    }),
    get: op({
      in: wishOf,
      run: async ({ tasks }: Site, { job }): Promise<Sight> => {
        const found = await tasks.get(job);
        if (found === undefined) return { status: 'none', generation: 0, progress: 0 };
        const { status, generation, progress } = found;
        return { status, generation, progress };
      },
      spec: sightOf,
    }),
  }),
  plan: (size) => ({ repeats: repeatsOf(size), phases: [runOf(size)] }),
  finalReads: names.map((job) => ({
    f: 'get' as const,
    input: { job, client: clients, force: false, amount: 0, mayDie: true } satisfies Wish,
  })),
  invariants: {
    'the log is whole': async ({ tasks }) => {
      const log = await tasks.log();
      const checks = [gaps, taskGaps, outOfTurn, goneBack];
      return checks.flatMap((check) => check(log));
    },
    'one end': async ({ tasks }) => endedTwice(await tasks.log()),
    'what was answered is told': async ({ tasks }, history) => untold(await tasks.log(), history),
    'only the dead lose': async ({ tasks }, history) => {
      const { rows } = await tasks.list();
      const alive = rows
        .filter(({ status, pid }) => status === 'lost' && isAlive(pid))
        .map(({ job, pid }) => ({ message: `${job} is lost, and process ${pid} lives` }));
      const lost = (await tasks.log()).filter(({ kind }) => kind === 'lost');
      if (lost.length > 0) history.note(`jobs lost: ${lost.length}`);
      if (lost.length === 0 || wereKilled(history)) return alive;
      return [...alive, { message: `${lost.length} jobs were lost, and nobody has died` }];
    },
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock', 'linearizable'],
  modes: ['threads', 'processes', 'crash'],
});

function repeatsOf({ mode, full }: Size): number {
  // A worker that is killed takes a second to be back; each crash image is judged like a run of its own.
  if (mode === 'crash') return full ? 10 : 1;
  return full ? 40 : 2;
}

/** Few at once and a barrier every few operations: the search for an order always ends. */
function runOf({ mode }: Size): Phase<keyof typeof weights> {
  const mayDie = mode === 'crash';
  const wish = (draw: Draw): Wish => ({ ...wishOf(draw), mayDie });
  return {
    name: 'run',
    rounds: 4,
    roles: [{ name: 'client', clients, does: weights, count: mayDie ? 20 : 12, in: wish }],
  };
}

const weights = {
  register: 5,
  start: 5,
  advance: 3,
  finish: 2,
  fail: 1,
  cancel: 1,
  requestCancel: 1,
  remove: 1,
  get: 4,
};

/** Half of the time a client stays with one id, which it may have registered. */
function wishOf(draw: Draw): Wish {
  const { client } = draw;
  const own = names[client % names.length] ?? '';
  const job = draw.int(2) === 0 ? own : draw.pick(names);
  return { job, client, force: draw.int(3) === 0, amount: 1 + draw.int(9), mayDie: false };
}

function by(act: Act) {
  return (state: JobState, wish: Wish, answer: Answer | undefined) =>
    stepOf(act, state, wish, answer);
}

async function withJob(
  { jobs }: Site,
  { job }: Wish,
  work: (job: SubjectJob) => Promise<void>,
): Promise<string> {
  const found = jobs.get(job);
  return found ? await orRefusal(work(found)) : 'none';
}

/** As many registrations, ends and removals as were answered; of what nobody saw the end of, perhaps. */
function untold(log: readonly SubjectEvent[], history: History): Broken[] {
  const told = (kinds: readonly string[]) => log.filter(({ kind }) => kinds.includes(kind)).length;
  const counts = [
    {
      f: 'register',
      answer: (output: unknown) => typeof output === 'number',
      events: told(['stored', 'replaced']),
    },
    { f: 'start', answer: isOk, events: told(['started']) },
    { f: 'finish', answer: isOk, events: told(['finished']) },
    { f: 'fail', answer: isOk, events: told(['failed']) },
    { f: 'cancel', answer: isOk, events: told(['canceled']) },
    { f: 'remove', answer: (output: unknown) => output === true, events: told(['removed']) },
  ];
  return counts.flatMap(({ f, answer, events }): Broken[] => {
    const all = history.operations.filter((one) => one.f === f);
    const least = all.filter(({ outcome, output }) => outcome === 'ok' && answer(output)).length;
    const most = least + all.filter(({ outcome }) => outcome === 'info').length;
    if (events >= least && events <= most) return [];
    return [{ message: `${f} was done ${least} times, and ${events} events say so` }];
  });
}

function isOk(output: unknown): boolean {
  return output === 'ok';
}

/** Somebody did not come back, or somebody else came in their place. */
function wereKilled({ operations }: History): boolean {
  return operations.some(
    ({ phase, process, returnedAt }) =>
      phase === 'run' && (returnedAt === undefined || process >= clients),
  );
}
