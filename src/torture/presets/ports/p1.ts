import { torture } from '../../declaration.ts';
import type { Phase } from '../../plan.ts';
import { printedIsStored } from './checks.ts';
import { portsOps } from './ops.ts';
import { directories, siteStore } from './site.ts';

const range = { min: 50_000, max: 50_999 };
const rounds = 6;

/** Many first reservations at once, in a data directory that does not exist yet. */
export const p1 = torture({
  name: 'P1',
  store: siteStore(({ full }) => ({
    range,
    directories: directories(full ? 64 : 10).flatMap((name) => directories(rounds, `${name}-`)),
  })),
  ops: portsOps,
  plan: ({ mode, full }) => {
    const isCli = mode === 'cli';
    const phase: Omit<Phase<'reserve'>, 'name'> = {
      // Each caller asks once a round: a barrier before every race.
      rounds: isCli ? 1 : rounds,
      roles: [
        {
          name: 'reserver',
          clients: full ? 64 : 10,
          does: 'reserve',
          count: 1,
          in: (draw) => `d${draw.client}-${draw.round}`,
        },
      ],
    };
    return {
      repeats: isCli ? 1 : full ? 20 : 4,
      phases: [
        { name: 'run', ...phase },
        { name: 'again', ...phase },
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
      return history
        .ok('reserve', 'again')
        .filter((one) => first.get(one.input)?.output !== one.output)
        .map((again) => {
          const before = first.get(again.input);
          return {
            message: `${again.input} had ${before?.output} and then ${again.output}`,
            operations: before ? [before, again] : [again],
          };
        });
    },
    'printed is stored': (site, history) => printedIsStored(site, history.ok('reserve')),
  },
  expect: ['no-deadlock', 'all-ok'],
});
