import { type Broken, torture } from '../../declaration.ts';
import type { Operation } from '../../operation.ts';
import { isSound } from './checks.ts';
import { portsOps } from './ops.ts';
import { directories, type Row, siteStore } from './site.ts';

const taken = ['taken0', 'taken1'];

/** A group of ten in a pool of six: refused, with nothing left behind and nothing ever seen. */
export const p8 = torture({
  name: 'P8',
  store: siteStore(() => ({
    range: { min: 60_000, max: 60_005 },
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
    'nothing of a group is seen': (_site, history) =>
      history.ok('list').flatMap((list) => remains(list.output, list)),
    'nothing of a group is left': async (site) => remains(await site.list()),
    sound: (site) => isSound(site),
  },
});

function remains(rows: readonly Row[], list?: Operation): Broken[] {
  const left = rows.filter((row) => !taken.includes(row.path));
  if (left.length === 0) return [];
  const message = `${left.length} ports of a group that did not fit: ${left.map((row) => `${row.path} ${row.port}`).join(', ')}`;
  return [{ message, operations: list && [list] }];
}
