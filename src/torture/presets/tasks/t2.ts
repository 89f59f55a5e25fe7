import type { Broken } from '../../declare/declaration.ts';
import { torture } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
import { isSound } from './checks.ts';
import {
  exactlyJoined,
  type Join,
  join,
  joinOf,
  miscounted,
  misshown,
  namesOnce,
  show,
  spelled,
  toldOnce,
} from './joins.ts';
import { openBeside, type Site, siteStore } from './site.ts';

const workers = 10;
const rounds = 100;

interface Found extends Join {
  readonly file: string;
}

/** The same a hundred times over: a new name in each round, and a new file in each of the others. */
export const t2 = torture({
  name: 'T2',
  store: siteStore(),
  ops: (op) => ({
    join: op({ in: joinOf, run: ({ tasks }: Site, one) => join(tasks, one) }),
    found: op({
      in: (draw): Found => ({ ...joinOf(draw), file: `f${draw.round}` }),
      run: async (site: Site, { file, ...one }) => {
        const tasks = await openBeside(site, file);
        try {
          return await join(tasks, one);
        } finally {
          await tasks.close();
        }
      },
    }),
    show: op({
      in: ({ client, round }) => spelled(round, client),
      run: ({ tasks }: Site, database) => show(tasks, database),
    }),
  }),
  plan: ({ full }) => ({
    phases: [
      {
        name: 'names',
        rounds,
        roles: [
          { name: 'joiner', clients: workers, does: 'join', count: 1 },
          { name: 'lister', clients: 1, does: 'show', count: 2 },
        ],
      },
      {
        name: 'files',
        rounds: full ? rounds : 2,
        roles: [{ name: 'founder', clients: workers, does: 'found', count: 1 }],
      },
    ],
  }),
  invariants: {
    'one name': (site, history) => namesOnce(site, history.ok('join')),
    'exactly ten tasks': (site, history) => exactlyJoined(site, history.ok('join')),
    'one file': async (site, history) => {
      const found: Broken[] = [];
      for (const [file, same] of Map.groupBy(history.ok('found'), ({ input }) => input.file)) {
        found.push(...(await misfounded(site, file, same)));
      }
      return found;
    },
    'each is told once': async ({ tasks }, history) =>
      toldOnce(await tasks.log(), history.ok('join')),
    'counts go with lists': (_site, history) => miscounted(history.ok('show')),
    'what is registered is listed': (_site, history) =>
      misshown(history.ok('show'), history.of('join')),
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock'],
});

/** What is wrong with a file that ten have made at once. */
async function misfounded(
  site: Site,
  file: string,
  joins: readonly Operation<Found, number>[],
): Promise<Broken[]> {
  const tasks = await openBeside(site, file);
  try {
    const there = { ...site, tasks };
    const found = [...(await namesOnce(there, joins)), ...(await exactlyJoined(there, joins))];
    return found.map((one) => ({ ...one, message: `${file}: ${one.message}` }));
  } finally {
    await tasks.close();
  }
}
