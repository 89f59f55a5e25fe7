import { join } from 'node:path';
import { loadConfig } from '../../../ports-config.ts';
import { op, torture } from '../../declaration.ts';
import { printedIsStored, sharedPorts } from './checks.ts';
import { portsOps, refusals } from './ops.ts';
import { directories, type Site, siteStore } from './site.ts';

const ranges = [
  { min: 10_000, max: 20_000 },
  { min: 30_000, max: 40_000 },
] as const;
/** Ports that the excluders take out, four apart so that no two exclusions join. */
const excludedFrom = 20_100;

const ops = {
  ...portsOps,
  reserveConfigured: op({
    in: (draw) => `d${draw.member}-${draw.nth}`,
    run: (site: Site, name) => site.reserve(name, { configFile: site.configFile }),
    on: refusals,
  }),
  rewrite: op({
    in: (draw) => draw.nth % ranges.length,
    run: (site: Site, which) => {
      const { min, max } = ranges[which] ?? ranges[0];
      site.rewriteConfig(min, max);
    },
  }),
  exclude: op({
    in: (draw) => excludedFrom + 4 * (draw.member * 100 + draw.nth),
    run: (site: Site, port) => site.exclude(port, port + 1),
  }),
};

/** The configuration is rewritten carelessly, and added to by us, while ports are reserved by it. */
export const p6 = torture({
  name: 'P6',
  store: siteStore(() => ({
    directories: directories(4).flatMap((name) => directories(100, `${name}-`)),
    prepare: async (site) => site.rewriteConfig(ranges[0].min, ranges[0].max),
  })),
  ops,
  plan: ({ mode, full }) => {
    const [rounds, reserves, rewrites, excludes] = mode === 'cli' ? [1, 4, 40, 2] : [4, 5, 25, 3];
    return {
      repeats: full ? 5 : 1,
      phases: [
        {
          name: 'run',
          rounds,
          roles: [
            { name: 'reserver', clients: 4, does: 'reserveConfigured', count: reserves },
            { name: 'rewriter', clients: 1, does: 'rewrite', count: rewrites, gapMs: 5 },
            { name: 'excluder', clients: 3, does: 'exclude', count: excludes },
          ],
        },
      ],
    };
  },
  invariants: {
    'ports of one of the two ranges': (_site, history) =>
      history
        .ok('reserveConfigured')
        .filter((one) => !ranges.some(({ min, max }) => min <= one.output && one.output <= max))
        .map((one) => ({ message: `${one.output} is in neither range`, operations: [one] })),
    'no exclusion is lost': async (site, history) => {
      const { setup, root } = site.shared;
      const file = join(setup.dataDir, 'config.yaml');
      const options = { cwd: root, env: {}, dataDir: setup.dataDir, cli: {} };
      const { policy } = await loadConfig(options);
      return history
        .ok('exclude')
        .filter(
          (one) => !policy.excluded.some(({ min, max }) => min <= one.input && one.input < max),
        )
        .map((one) => ({ message: `${file} does not exclude ${one.input}`, operations: [one] }));
    },
    'no port twice': (_site, history) => sharedPorts(history.ok('reserveConfigured')),
    'printed is stored': (site, history) => printedIsStored(site, history.ok('reserveConfigured')),
  },
  expect: ['no-deadlock', 'all-ok'],
});
