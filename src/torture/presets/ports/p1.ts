import { type Broken, torture } from '../../declaration.ts';
import type { Mode, Role } from '../../plan.ts';
import { printedIsStored } from './checks.ts';
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
    'lowest ports': (_site, history) => {
      const reserved = history.ok('reserve', 'run');
      const ports = reserved.map((one) => one.output).sort((a, b) => a - b);
      if (ports.every((port, index) => port === range.min + index)) return;
      const message = `${reserved.length} ports are not the lowest: ${ports.join(' ')}`;
      return { message, operations: reserved };
    },
    'same map again': (_site, history) => {
      const first = new Map(history.ok('reserve', 'run').map((one) => [one.input, one]));
      return history.ok('reserve', 'again').flatMap((again): Broken[] => {
        const before = first.get(again.input);
        if (!before || before.output === again.output) return [];
        const message = `${again.input} had ${before.output} and then ${again.output}`;
        return [{ message, operations: [before, again] }];
      });
    },
    'printed is stored': (site, history) => printedIsStored(site, history.ok('reserve')),
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
