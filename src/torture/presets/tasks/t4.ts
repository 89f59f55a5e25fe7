import { setTimeout as pause } from 'node:timers/promises';
import { type Broken, torture } from '../../declare/declaration.ts';
import type { Draw } from '../../declare/input.ts';
import type { Operation } from '../../declare/operation.ts';
import { isActive, isSound } from './checks.ts';
import { digestOf, Follower, type Heard, type Manner } from './follower.ts';
import { endedTwice, gaps, goneBack, isEnd, outOfTurn, taskGaps } from './log-checks.ts';
import { leaveOrphans } from './orphans.ts';
import { orRefusal } from './refusal.ts';
import { type Site, siteStore } from './site.ts';
import type { SubjectEvent, SubjectJob } from './subject.ts';

const names = Array.from({ length: 20 }, (_, index) => `k${index}`);
const orphans = Array.from({ length: 5 }, (_, index) => `orphan${index}`);
const manners: readonly Manner[] = ['steady', 'slow', 'throwing', 'steady'];
const writers = 10;
const DELAYS_MS = 20;
/** Rounds in which somebody more begins to follow. */
const BEGINNINGS = 4;

interface Wish {
  readonly job: string;
  /** Whether it is done to what is active. */
  readonly force: boolean;
}

/** Ways to end a job. */
const ends = ['finish', 'fail', 'cancel'] as const;

/** Jobs come and go under shared ids, and some follow from a random moment on. */
export const t4 = torture({
  name: 'T4',
  store: siteStore((shared) => leaveOrphans(shared, orphans)),
  ops: (op) => ({
    look: op({
      in: () => null,
      run: async ({ tasks }: Site) => {
        const { rows } = await tasks.list();
        return rows.filter(({ status }) => isActive(status)).map(({ job }) => job);
      },
    }),
    register: op({
      in: wishOf,
      run: async ({ tasks, jobs }: Site, { job, force }) => {
        const registered = await orRefusal(tasks.register(job, { replaces: force }));
        if (typeof registered === 'string') return registered;
        jobs.set(job, registered);
        return registered.generation;
      },
    }),
    work: op({
      in: (draw) => ({ job: draw.pick(names), amount: 1 + draw.int(9) }),
      run: ({ jobs }: Site, { job, amount }) =>
        withJob(jobs.get(job), async (one) => {
          if (one.status === 'pending') await one.start();
          if (one.status === 'running') one.advance(amount);
        }),
    }),
    end: op({
      in: (draw) => ({ job: draw.pick(names), how: draw.pick(ends) }),
      run: ({ jobs }: Site, { job, how }) => withJob(jobs.get(job), (one) => one[how]()),
    }),
    remove: op({
      in: wishOf,
      run: ({ tasks }: Site, { job, force }) => orRefusal(tasks.remove(job, force)),
    }),
    follow: op({
      in: (draw) => ({
        manner: manners[draw.member % manners.length] ?? 'steady',
        delayMs: draw.int(DELAYS_MS),
      }),
      // Not waited for: a pause is no operation that others could overlap.
      run: ({ tasks, followers }: Site, { manner, delayMs }) => {
        followers.push(pause(delayMs).then(() => new Follower(tasks, manner)));
      },
    }),
    hear: op({
      in: () => null,
      run: ({ tasks, followers }: Site) =>
        Promise.all(followers.map(async (follower) => (await follower).heard(tasks))),
    }),
  }),
  plan: ({ full }) => {
    const writer = { name: 'writer', clients: writers, does: weights, count: full ? 30 : 8 };
    const follower = { name: 'follower', clients: manners.length, count: 1 };
    const begins = { ...follower, does: 'follow' } as const;
    return {
      repeats: full ? 3 : 1,
      phases: [
        { name: 'look', roles: [{ name: 'writer', clients: writers, does: 'look', count: 1 }] },
        { name: 'run', rounds: BEGINNINGS, roles: [writer, begins] },
        ...(full ? [{ name: 'more', rounds: 30, roles: [writer] }] : []),
        {
          name: 'settle',
          // Those who followed, by their numbers.
          roles: [
            { name: 'writer', clients: writers, does: 'look', count: 0 },
            { ...follower, does: 'hear' },
          ],
        },
      ],
    };
  },
  invariants: {
    'no gap in the log': async ({ tasks }) => gaps(await tasks.log()),
    'no gap in what is told of a task': async ({ tasks }) => taskGaps(await tasks.log()),
    'nothing before it is there or after it is gone': async ({ tasks }) =>
      outOfTurn(await tasks.log()),
    'one end': async ({ tasks }) => endedTwice(await tasks.log()),
    'progress only grows': async ({ tasks }) => goneBack(await tasks.log()),
    'everything is told once': async ({ tasks }, history) =>
      miscounted(await tasks.log(), {
        registered: history.ok('register').filter(({ output }) => typeof output === 'number'),
        ended: history.ok('end').filter(({ output }) => output === 'ok'),
        removed: history.ok('remove').filter(({ output }) => output === true),
      }),
    'the log makes the table': async (site) => misfolded(site),
    'who follows hears the log': async ({ tasks }, history) => {
      const log = await tasks.log();
      const heard = history.ok('hear').flatMap((one) => one.output.map((what) => ({ one, what })));
      history.note(
        `${heard.length} followers heard ${sumOf(heard.map(({ what }) => what.count))} events`,
      );
      return heard.flatMap(({ one, what }) => misheard(log, what, one));
    },
    'tables are what is listed': (_site, history) =>
      history
        .ok('hear')
        .flatMap((one) =>
          one.output.flatMap(({ manner, differences }): Broken[] =>
            differences.length === 0
              ? []
              : [{ message: `${manner}: ${differences.join('; ')}`, operations: [one] }],
          ),
        ),
    'who throws is told so, and nobody else': (_site, history) =>
      history.ok('hear').flatMap((one) =>
        one.output.flatMap(({ manner, updates, errors }): Broken[] => {
          if (errors === (manner === 'throwing' ? updates : 0)) return [];
          const message = `${manner}: ${errors} errors of ${updates} updates`;
          return [{ message, operations: [one] }];
        }),
      ),
    'the dead lose each task once': async ({ tasks }, history) => {
      const unlost = history
        .ok('look', 'look')
        .filter(({ output }) => output.some((job) => orphans.includes(job)))
        .map((one): Broken => ({ message: 'a dead process has active jobs', operations: [one] }));
      const lost = (await tasks.log()).filter(({ kind }) => kind === 'lost').map(({ job }) => job);
      if (String(lost.sort()) === String(orphans)) return unlost;
      return [...unlost, { message: `lost were ${lost.join(', ') || 'none'}` }];
    },
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock'],
});

const weights = { register: 4, work: 3, end: 2, remove: 2 };

function wishOf(draw: Draw): Wish {
  return { job: draw.pick(names), force: draw.int(2) === 0 };
}

async function withJob(
  job: SubjectJob | undefined,
  work: (job: SubjectJob) => Promise<void>,
): Promise<string> {
  return job === undefined ? 'none' : await orRefusal(work(job));
}

/** What was answered, by what became of it. */
interface Answered {
  readonly registered: readonly Operation[];
  readonly ended: readonly Operation[];
  readonly removed: readonly Operation[];
}

/** As many events as there were answers. */
function miscounted(
  log: readonly SubjectEvent[],
  { registered, ended, removed }: Answered,
): Broken[] {
  const counts = [
    ['registered', registered.length, log.filter(isRegistration)],
    ['ended', ended.length, log.filter((event) => isEnd(event) && event.kind !== 'lost')],
    ['removed', removed.length, log.filter(({ kind }) => kind === 'removed')],
  ] as const;
  return counts
    .map(([what, count, events]) => ({
      what,
      count,
      told: events.filter(({ job }) => names.includes(job)).length,
    }))
    .filter(({ count, told }) => count !== told)
    .map(({ what, count, told }) => ({
      message: `${count} were ${what}, and ${told} are told of`,
    }));
}

function isRegistration({ kind }: SubjectEvent): boolean {
  return kind === 'stored' || kind === 'replaced';
}

/** Somebody who has nothing but the log has what is listed. */
async function misfolded({ tasks }: Site): Promise<Broken[]> {
  const follower = new Follower(tasks, 'steady', 0);
  try {
    const { isBehind, differences } = await follower.heard(tasks);
    if (isBehind) return [{ message: 'the log has no end' }];
    return differences.map((message) => ({ message }));
  } finally {
    await follower.close();
  }
}

function misheard(log: readonly SubjectEvent[], heard: Heard, operation: Operation): Broken[] {
  const { manner, from, to, count, digest, isBehind } = heard;
  const part = log.filter(({ seq }) => seq > from && seq <= to);
  const found: string[] = [];
  if (isBehind) found.push(`has come to event ${to} and no further`);
  if (digest !== digestOf(part)) {
    found.push(`${count} events from ${from} to ${to} are not the ${part.length} of the log`);
  }
  return found.map((message) => ({ message: `${manner}: ${message}`, operations: [operation] }));
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
