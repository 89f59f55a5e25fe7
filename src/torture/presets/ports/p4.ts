import { type Broken, torture } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
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
      return history.ok('list').flatMap((list) => {
        const before = groups.filter((group) => (group.returnedAt ?? Infinity) < list.invokedAt);
        return missing(list.output, before, list);
      });
    },
    'ports of a group follow one another': (_site, history) =>
      history
        .ok('group')
        .filter(({ output }) => output.some((port, at) => port !== (output[0] ?? 0) + at))
        .map((group) => ({
          message: `${group.input.name} was given ${group.output.join(' ')}`,
          operations: [group],
        })),
    'every group is whole in the end': async (site, history) => {
      const rows = await site.list();
      const groups = history.ok('group');
      const expected = groups.length * size;
      if (rows.length !== expected) return `there are ${rows.length} rows and not ${expected}`;
      return [...partialGroups(rows), ...duplicatePorts(rows), ...missing(rows, groups)];
    },
  },
  expect: ['no-deadlock', 'all-ok'],
});

/** Groups that are not among the rows with the ports that they were given. */
function missing(
  rows: readonly Row[],
  groups: readonly Operation<{ readonly name: string }, readonly number[]>[],
  list?: Operation,
): Broken[] {
  const shown = Map.groupBy(rows, (row) => row.path);
  const ofGroup = (name: string) => (shown.get(name) ?? []).map(({ port }) => port);
  const missed = groups.filter(
    ({ input, output }) => String(ofGroup(input.name).sort((a, b) => a - b)) !== String(output),
  );
  if (missed.length === 0) return [];
  const message = `a list lacks the ports of ${missed.length} groups, of ${missed[0]?.input.name} first`;
  return [{ message, operations: list ? [...missed, list] : missed }];
}

function partialGroups(rows: readonly Row[], list?: Operation): Broken[] {
  const groups = Map.groupBy(rows, (row) => row.path);
  return [...groups]
    .filter(([, members]) => members.length !== size)
    .map(([path, members]) => ({
      message: `group ${path} has ${members.length} of ${size} ports`,
      operations: list && [list],
    }));
}
