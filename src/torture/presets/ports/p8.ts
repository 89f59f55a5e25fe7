import { type Broken, torture } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
import { isSound, nameOf } from './checks.ts';
import { portsOps } from './ops.ts';
import { directories, type Row, siteStore } from './site.ts';

const min = 60_000;
const taken = ['taken0', 'taken1'];
/** What is there from the beginning to the end. */
const before = taken.map((name, index) => `${name} ${min + index}`).join(', ');

/** A group of ten in a pool of six: refused, with nothing left behind and nothing ever seen. */
export const p8 = torture({
  name: 'P8',
  store: siteStore(() => ({
    range: { min, max: min + 5 },
    directories: [...taken, ...directories(8)],
    prepare: async (site) => {
      for (const name of taken) await site.reserve(name);
    },
  })),
  ops: portsOps,
  plan: ({ mode, full }) => {
    const isCli = mode === 'cli';
    return {
      repeats: full ? 20 : isCli ? 1 : 3,
      phases: [
        {
          name: 'run',
          rounds: isCli ? 1 : 3,
          roles: [
            { name: 'grouper', clients: isCli ? 3 : 4, does: 'group', count: isCli ? 2 : 4 },
            { name: 'reader', clients: 2, does: 'list', count: isCli ? 2 : 6 },
          ],
        },
      ],
    };
  },
  invariants: {
    'every group is refused': (_site, history) =>
      history
        .of('group')
        .filter((one) => one.outcome === 'ok')
        .map((one) => ({ message: 'ten ports came out of six', operations: [one] })),
    'no list shows a change': (_site, history) =>
      history.ok('list').flatMap((list) => changes(list.output, list)),
    'nothing has changed in the end': async (site) => changes(await site.list()),
    sound: (site) => isSound(site),
  },
});

function changes(rows: readonly Row[], list?: Operation): Broken[] {
  const now = rows.map((row) => `${nameOf(row)} ${row.port}`).join(', ');
  if (now === before) return [];
  const message = `groups were refused, and where there was ${before} there is ${now || 'nothing'}`;
  return [{ message, operations: list && [list] }];
}
