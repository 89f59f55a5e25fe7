import { type Broken, torture } from '../../declare/declaration.ts';
import type { Mode, Role } from '../../declare/plan.ts';
import { lowestPorts, printedIsStored, sharedPorts, unasked } from './checks.ts';
import { portsOps } from './ops.ts';
import { directories, siteStore } from './site.ts';

const range = { min: 50_000, max: 50_999 };
const rounds = 8;

/** Many first reservations at once, in a data directory that does not exist yet. */
export const p1 = torture({
  name: 'P1',
  store: siteStore(({ mode, full }) => ({
    range,
    directories: directories(clientsIn(mode, full)).flatMap((name) =>
      directories(rounds, `${name}-`),
    ),
  })),
  ops: portsOps,
  plan: ({ mode, full }) => {
    const isCli = mode === 'cli';
    const reserver: Omit<Role<'reserve'>, 'count'> = {
      name: 'reserver',
      clients: clientsIn(mode, full),
      does: 'reserve',
      in: (draw) => `d${draw.client}-${draw.nth}`,
    };
    const asked = isCli ? 1 : rounds;
    return {
      repeats: isCli ? 1 : full ? 20 : 2,
      phases: [
        // Each caller asks once a round: a barrier before every race.
        { name: 'run', rounds: asked, roles: [{ ...reserver, count: 1 }] },
        // Nothing is left to race for.
        { name: 'again', isMeasured: false, roles: [{ ...reserver, count: asked }] },
      ],
    };
  },
  invariants: {
    'lowest ports': (_site, history) => lowestPorts(range.min, history.ok('reserve', 'run')),
    'no port twice': (_site, history) => sharedPorts(history.ok('reserve', 'run')),
    'same map again': (_site, history) => {
      const first = new Map(history.ok('reserve', 'run').map((one) => [one.input, one]));
      return history.ok('reserve', 'again').flatMap((again): Broken[] => {
        const before = first.get(again.input);
        if (before?.output === again.output) return [];
        const message = `${again.input} had ${before?.output ?? 'nothing'} and then ${again.output}`;
        return [{ message, operations: before ? [before, again] : [again] }];
      });
    },
    'printed is stored': async (site, history) =>
      printedIsStored(await site.list(), history.ok('reserve')),
    'nothing else is stored': async (site, history) =>
      unasked(
        await site.list(),
        history.of('reserve').map((one) => one.input),
      ),
  },
  expect: ['no-deadlock', 'all-ok'],
});

/**
 * The seed has ten. Twice as many share the ten threads, and the two of a thread take turns at every
 * `await` of theirs: that race needs no free processor. Commands share no thread.
 */
function clientsIn(mode: Mode, full: boolean): number {
  if (full) return 64;
  return mode === 'cli' ? 10 : 20;
}
