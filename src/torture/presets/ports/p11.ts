import { spawnSync } from 'node:child_process';
import { op, torture } from '../../declaration.ts';
import { portsOps } from './ops.ts';
import { directories, type Site, siteStore } from './site.ts';

const groups = 2;
const groupSize = 500;

/** Lists of a thousand rows. The times are figures; only the rows have a part in the verdict. */
export const p11 = torture({
  name: 'P11',
  store: siteStore(() => ({
    range: { min: 20_000, max: 21_999 },
    directories: directories(groups),
  })),
  ops: {
    group: portsOps.group,
    count: op({
      in: () => null,
      run: async (site: Site) => (await site.list()).length,
    }),
  },
  plan: ({ mode, full }) => ({
    phases: [
      {
        name: 'prefill',
        roles: [
          {
            name: 'filler',
            clients: 1,
            does: 'group',
            count: groups,
            in: (draw) => ({ name: `d${draw.nth}`, count: groupSize }),
          },
        ],
      },
      {
        name: 'run',
        roles: [
          { name: 'lister', clients: 1, does: 'count', count: mode === 'cli' && !full ? 10 : 100 },
        ],
      },
    ],
  }),
  invariants: {
    'every row each time': (_site, history) =>
      history
        .ok('count')
        .filter((one) => one.output !== groups * groupSize)
        .map((one) => ({ message: `a list had ${one.output} rows`, operations: [one] })),
    'beside the floor': (site, history) => {
      const durations = history.ok('count').map((one) => (one.returnedAt ?? 0) - one.invokedAt);
      const mean = durations.reduce((sum, one) => sum + one, 0) / durations.length / 1e6;
      const isCli = site.shared.subject.includes('/cli-subject.');
      const floor = isCli ? `, node -e 0 takes ${nodeFloorMs().toFixed(1)} ms` : '';
      history.note(`mean of a list: ${mean.toFixed(1)} ms (seed: < 50 ms${floor})`);
    },
  },
  expect: ['no-deadlock', 'all-ok'],
});

/** What starting a Node that does nothing takes here and now: the mean of a few. */
function nodeFloorMs(): number {
  const { NODE_EXTRA_CA_CERTS, NODE_OPTIONS, ...env } = process.env;
  const rounds = 5;
  const before = performance.now();
  for (let round = 0; round < rounds; round += 1) spawnSync(process.execPath, ['-e', '0'], { env });
  return (performance.now() - before) / rounds;
}
