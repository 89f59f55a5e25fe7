import type { Broken } from '../../declaration.ts';
import { torture } from '../../declaration.ts';
import type { Operation } from '../../operation.ts';
import { duplicatePorts } from './checks.ts';
import { portsOps } from './ops.ts';
import { directories, type Row, siteStore } from './site.ts';

const prefilled = 5;

/** Readers while one writer adds: each list must be a beginning of what the writer did. */
export const p2 = torture({
  name: 'P2',
  store: siteStore(() => ({
    range: { min: 50_000, max: 50_199 },
    directories: directories(60),
  })),
  ops: portsOps,
  plan: ({ mode, full }) => {
    const isCli = mode === 'cli';
    const [rounds, writes, readers, reads] = isCli ? [2, 3, 4, 3] : [4, 5, 10, 13];
    return {
      repeats: full ? 5 : 1,
      phases: [
        {
          name: 'prefill',
          roles: [
            {
              name: 'writer',
              clients: 1,
              does: 'reserve',
              count: prefilled,
              in: (draw) => `d${draw.nth}`,
            },
          ],
        },
        {
          name: 'run',
          rounds,
          roles: [
            {
              name: 'writer',
              clients: 1,
              does: 'reserve',
              count: writes,
              in: (draw) => `d${prefilled + draw.nth}`,
            },
            { name: 'reader', clients: readers, does: 'list', count: reads },
          ],
        },
      ],
    };
  },
  invariants: {
    'lists are prefixes': (_site, history) => {
      const writes = history.of('reserve');
      return history.ok('list').flatMap((list) => prefixFaults(writes, list));
    },
    'lists are monotone': (_site, history) => {
      const readers = Map.groupBy(history.ok('list'), (list) => list.process);
      return [...readers.values()].flatMap((lists) =>
        lists.flatMap((list, index): Broken[] => {
          const before = lists[index - 1];
          if (before === undefined || before.output.length <= list.output.length) return [];
          const message = `a reader saw ${before.output.length} rows and then ${list.output.length}`;
          return [{ message, operations: [before, list] }];
        }),
      );
    },
    'no port twice': (_site, history) =>
      history.ok('list').flatMap((list) => duplicatePorts(list.output, list)),
  },
  expect: ['no-deadlock', 'all-ok'],
});

/** One writer: what it has done is a sequence, and a list shows the first `n` of it. */
function prefixFaults(
  writes: readonly Operation<string, number>[],
  list: Operation<unknown, readonly Row[]>,
): Broken[] {
  const seen = new Set(list.output.map((row) => row.path));
  const shown = writes.filter((write) => seen.has(write.input)).length;
  const mustSee = writes.filter((write) => (write.returnedAt ?? Infinity) < list.invokedAt).length;
  const maySee = writes.filter((write) => write.invokedAt < (list.returnedAt ?? 0)).length;
  const isPrefix = writes.slice(0, shown).every((write) => seen.has(write.input));
  if (isPrefix && shown === seen.size && shown >= mustSee && shown <= maySee) return [];
  const message = `a list shows ${seen.size} rows, of which ${shown} the writer's; ${mustSee} to ${maySee} were to be seen, from the first on`;
  return [{ message, operations: [list] }];
}
