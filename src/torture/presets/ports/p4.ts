import { type Broken, torture } from '../../declaration.ts';
import type { Operation } from '../../operation.ts';
import { duplicatePorts } from './checks.ts';
import { portsOps } from './ops.ts';
import { directories, type Row, siteStore } from './site.ts';

const size = 10;
const creators = 2;

/** Groups of ten while readers look: nobody ever sees a part of one. */
export const p4 = torture({
  name: 'P4',
  store: siteStore(() => ({
    range: { min: 20_000, max: 21_999 },
    directories: directories(creators).flatMap((name) => directories(100, `${name}-g`)),
  })),
  ops: portsOps,
  plan: ({ mode, full }) => {
    const [rounds, groups, readers, reads] = mode === 'cli' ? [2, 2, 4, 3] : [5, 5, 8, 10];
    return {
      repeats: full ? 5 : 1,
      phases: [
        {
          name: 'run',
          rounds,
          roles: [
            {
              name: 'creator',
              clients: creators,
              does: 'group',
              count: groups,
              in: (draw) => ({ name: `d${draw.member}-g${draw.nth}`, count: size }),
            },
            { name: 'reader', clients: readers, does: 'list', count: reads },
          ],
        },
      ],
    };
  },
  invariants: {
    'no part of a group': (_site, history) =>
      history.ok('list').flatMap((list) => partialGroups(list.output, list)),
    'acknowledged groups are seen': (_site, history) => {
      const groups = history.ok('group');
      return history.ok('list').flatMap((list): Broken[] => {
        const seen = new Set(list.output.map((row) => row.path));
        const missed = groups.filter(
          (group) => (group.returnedAt ?? Infinity) < list.invokedAt && !seen.has(group.input.name),
        );
        if (missed.length === 0) return [];
        const message = `a list lacks ${missed.map((group) => group.input.name).join(' ')}`;
        return [{ message, operations: [...missed, list] }];
      });
    },
    'every group is whole in the end': async (site, history) => {
      const rows = await site.list();
      const expected = history.ok('group').length * size;
      if (rows.length !== expected) return `there are ${rows.length} rows and not ${expected}`;
      return [...partialGroups(rows), ...duplicatePorts(rows)];
    },
  },
  expect: ['no-deadlock', 'all-ok'],
});

function partialGroups(rows: readonly Row[], list?: Operation): Broken[] {
  const groups = Map.groupBy(rows, (row) => row.path);
  return [...groups]
    .filter(([, members]) => members.length !== size)
    .map(([path, members]) => ({
      message: `group ${path} has ${members.length} of ${size} ports`,
      operations: list && [list],
    }));
}
