import { torture } from '../../declare/declaration.ts';
import { isSound } from './checks.ts';
import {
  exactlyJoined,
  join,
  joinOf,
  miscounted,
  misshown,
  namesOnce,
  show,
  spelled,
  toldOnce,
} from './joins.ts';
import { type Site, siteStore } from './site.ts';

/** Everybody opens a file that is not there, and registers one job in one database that is not there. */
export const t1 = torture({
  name: 'T1',
  store: siteStore(),
  ops: (op) => ({
    join: op({ in: joinOf, run: ({ tasks }: Site, one) => join(tasks, one) }),
    show: op({
      in: ({ client, round }) => spelled(round, client),
      run: ({ tasks }: Site, database) => show(tasks, database),
    }),
  }),
  plan: ({ full }) => ({
    repeats: full ? 50 : 2,
    phases: [
      {
        name: 'run',
        roles: [
          { name: 'joiner', clients: 10, does: 'join', count: 1 },
          { name: 'lister', clients: 2, does: 'show', count: 4 },
        ],
      },
    ],
  }),
  invariants: {
    'one name': (site, history) => namesOnce(site, history.ok('join')),
    'exactly ten tasks': (site, history) => exactlyJoined(site, history.ok('join')),
    'each is told once': async ({ tasks }, history) =>
      toldOnce(await tasks.log(), history.ok('join')),
    'counts go with lists': (_site, history) => miscounted(history.ok('show')),
    'what is registered is listed': (_site, history) =>
      misshown(history.ok('show'), history.of('join')),
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock'],
});
