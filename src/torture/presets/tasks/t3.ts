import { type Broken, torture } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
import { isSound } from './checks.ts';
import { orRefusal, type Refusal } from './refusal.ts';
import { type Site, siteStore } from './site.ts';
import type { SubjectEvent } from './subject.ts';

const workers = 10;

function roundsIn(full: boolean): number {
  return full ? 100 : 10;
}

type Registered = Operation<string, number | Refusal>;

/** Ten register the same id at once: one is first, or each takes the place of the one before. */
export const t3 = torture({
  name: 'T3',
  store: siteStore(),
  ops: (op) => ({
    claim: op({
      in: ({ round }) => `c${round}`,
      run: (site: Site, job) => orRefusal(register(site, job, false)),
    }),
    replace: op({
      in: ({ round }) => `r${round}`,
      run: (site: Site, job) => orRefusal(register(site, job, true)),
    }),
    goOn: op({
      in: ({ nth }) => `${nth % 2 === 0 ? 'c' : 'r'}${nth >> 1}`,
      run: async ({ jobs }: Site, name) => {
        const job = jobs.get(name);
        const answer = job ? await orRefusal(job.start()) : 'none';
        return { answer, isAborted: job?.isAborted ?? false };
      },
    }),
  }),
  plan: ({ full }) => {
    const rounds = roundsIn(full);
    const each = { name: 'worker', clients: workers };
    return {
      phases: [
        { name: 'claim', rounds, roles: [{ ...each, does: 'claim', count: 1 }] },
        { name: 'replace', rounds, roles: [{ ...each, does: 'replace', count: 1 }] },
        { name: 'go on', roles: [{ ...each, does: 'goOn', count: 2 * rounds }] },
      ],
    };
  },
  invariants: {
    'one is first': (_site, history) =>
      byJob(history.of('claim')).flatMap(([job, same]) => {
        const answers = same.map(({ output }) => output).sort();
        const wanted = [1, ...new Array(workers - 1).fill('CONFLICT')];
        return String(answers) === String(wanted) ? [] : [answered(job, same)];
      }),
    'ten generations': (_site, history) =>
      byJob(history.of('replace')).flatMap(([job, same]) => {
        const answers = same.map(({ output }) => Number(output)).sort((a, b) => a - b);
        const wanted = Array.from({ length: workers }, (_, index) => index + 1);
        return String(answers) === String(wanted) ? [] : [answered(job, same)];
      }),
    'one task': async ({ tasks }, history) => {
      const { rows } = await tasks.list();
      const listed = rows.map(({ job, generation }) => `${job} ${generation}`).sort();
      const wanted = [
        ...byJob(history.of('claim')).map(([job]) => `${job} 1`),
        ...byJob(history.of('replace')).map(([job]) => `${job} ${workers}`),
      ].sort();
      return (
        String(listed) === String(wanted) ||
        `${listed.length} jobs are listed, as ${listed.find((one) => !wanted.includes(one)) ?? 'none of the others'}`
      );
    },
    'told in the order of commits': async ({ tasks }, history) => {
      const log = Map.groupBy(await tasks.log(), ({ job }) => job);
      return [
        ...byJob(history.of('claim')).flatMap(([job]) => mistold(log.get(job) ?? [], job, 1)),
        ...byJob(history.of('replace')).flatMap(([job]) =>
          mistold(log.get(job) ?? [], job, workers),
        ),
      ];
    },
    'who is last goes on': (_site, history) =>
      byJob(history.ok('goOn')).flatMap(([job, same]): Broken[] => {
        const isLast = holders(job, history.of('claim'), history.of('replace'));
        const wrong = same.filter(
          ({ process, output }) => (output.answer === 'ok') !== isLast(process),
        );
        if (wrong.length === 0) return [];
        return [{ message: `${job}: others can go on than the last one`, operations: wrong }];
      }),
    'nine are detached': (_site, history) =>
      byJob(history.ok('goOn')).flatMap(([job, same]): Broken[] => {
        const answer = job.startsWith('c') ? 'none' : 'DETACHED';
        const others = same.filter(({ output }) => output.answer !== answer);
        const unaware = same.filter(
          ({ output }) => output.answer === 'DETACHED' && !output.isAborted,
        );
        const found: Broken[] = [];
        if (others.length !== 1) {
          const count = workers - others.length;
          found.push({ message: `${count} are ${answer} of ${job}`, operations: others });
        }
        if (unaware.length > 0) {
          found.push({ message: `${job}: nobody told them to stop`, operations: unaware });
        }
        return found;
      }),
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock'],
});

async function register({ tasks, jobs }: Site, name: string, replaces: boolean): Promise<number> {
  const job = await tasks.register(name, { replaces });
  jobs.set(name, job);
  return job.generation;
}

function byJob<O>(operations: readonly Operation<string, O>[]): [string, Operation<string, O>[]][] {
  return [...Map.groupBy(operations, ({ input }) => input)];
}

function answered(job: string, operations: readonly Registered[]): Broken {
  const answers = operations.map(({ output }) => output);
  return { message: `${job}: the answers are ${answers.join(', ')}`, operations };
}

/** One is stored, and each of the others tells whose place it took. */
function mistold(events: readonly SubjectEvent[], job: string, generations: number): Broken[] {
  const made = events.filter(({ kind }) => kind === 'stored' || kind === 'replaced');
  const told = made.map(({ kind, generation, former }) => [kind, generation, former]);
  const wanted = Array.from({ length: generations }, (_, index) =>
    index === 0 ? ['stored', 1, undefined] : ['replaced', index + 1, made[index - 1]?.jobId],
  );
  if (JSON.stringify(told) === JSON.stringify(wanted)) return [];
  const texts = made.map(({ kind, generation, seq }) => `${kind} ${generation} in event ${seq}`);
  return [{ message: `${job}: ${texts.join(', ') || 'nothing is told'}` }];
}

/** Whether a process was given the last generation. */
function holders(
  job: string,
  claims: readonly Registered[],
  replacements: readonly Registered[],
): (process: number) => boolean {
  const [last] = [...claims, ...replacements]
    .filter(({ input, output }) => input === job && typeof output === 'number')
    .sort((a, b) => Number(b.output) - Number(a.output));
  return (process) => process === last?.process;
}
