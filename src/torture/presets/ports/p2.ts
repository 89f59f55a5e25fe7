import { type Broken, torture } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
import { duplicatePorts, nameOf, printedIsStored } from './checks.ts';
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
    'lists show what was given': (_site, history) => {
      const given = new Map(history.ok('reserve').map((one) => [one.input, one]));
      return history.ok('list').flatMap((list) =>
        list.output.flatMap((row): Broken[] => {
          const write = given.get(row.path);
          if (write?.output === row.port && row.tag === undefined) return [];
          const message = `a list shows ${row.port} for ${nameOf(row)}, which was given ${write?.output ?? 'nothing'}`;
          return [{ message, operations: write ? [write, list] : [list] }];
        }),
      );
    },
    'lists never shrink': (_site, history) => shrunken(history.ok('list')),
    'no port twice': (_site, history) =>
      history.ok('list').flatMap((list) => duplicatePorts(list.output, list)),
    'everything is there in the end': async (site, history) =>
      printedIsStored(await site.list(), history.ok('reserve')),
  },
  expect: ['no-deadlock', 'all-ok'],
});

/** One writer: what it has done is a sequence, and a list shows the first `n` of it. */
function prefixFaults(
  writes: readonly Operation<string, number>[],
  list: Operation<unknown, readonly Row[]>,
): Broken[] {
  const seen = new Set(list.output.map((row) => row.path));
  const rows = list.output.length;
  const shown = writes.filter((write) => seen.has(write.input)).length;
  const mustSee = writes.filter((write) => (write.returnedAt ?? Infinity) < list.invokedAt).length;
  const maySee = writes.filter((write) => write.invokedAt < (list.returnedAt ?? 0)).length;
  const isPrefix = writes.slice(0, shown).every((write) => seen.has(write.input));
  if (isPrefix && shown === rows && shown >= mustSee && shown <= maySee) return [];
  const message = `a list shows ${rows} rows, of which ${shown} the writer's; ${mustSee} to ${maySee} were to be seen, from the first on`;
  return [{ message, operations: [list] }];
}

/** Nothing is released, so a list that begins after another has ended shows no less, whoever reads. */
function shrunken(lists: readonly Operation<unknown, readonly Row[]>[]): Broken[] {
  const byEnd = lists.toSorted((a, b) => (a.returnedAt ?? 0) - (b.returnedAt ?? 0));
  let ended = 0;
  let longest: (typeof lists)[number] | undefined;
  return lists.flatMap((list): Broken[] => {
    for (; (byEnd[ended]?.returnedAt ?? Infinity) < list.invokedAt; ended += 1) {
      const one = byEnd[ended];
      if (one && one.output.length >= (longest?.output.length ?? 0)) longest = one;
    }
    if (longest === undefined || longest.output.length <= list.output.length) return [];
    const message = `a list had ${longest.output.length} rows, and a later one ${list.output.length}`;
    return [{ message, operations: [longest, list] }];
  });
}
