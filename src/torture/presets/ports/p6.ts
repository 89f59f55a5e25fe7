import { loadConfig } from '../../../ports-config.ts';
import { type Broken, op, torture } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
import { lowestPorts, printedIsStored, sharedPorts } from './checks.ts';
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
    directories: directories(4).flatMap((name) => [
      ...directories(100, `${name}-`),
      `${name}-still`,
    ]),
    prepare: async (site) => site.rewriteConfig(ranges[0].min, ranges[0].max),
  })),
  ops,
  plan: ({ mode, full }) => {
    const [rounds, reserves, rewrites, excludes] = mode === 'cli' ? [1, 3, 40, 2] : [4, 5, 25, 3];
    const reserver = { name: 'reserver', clients: 4, does: 'reserveConfigured' } as const;
    const rewriter = { name: 'rewriter', clients: 1, does: 'rewrite' } as const;
    return {
      repeats: full ? 5 : 1,
      phases: [
        {
          name: 'run',
          rounds,
          roles: [
            { ...reserver, count: reserves },
            { ...rewriter, count: rewrites, gapMs: 5 },
            { name: 'excluder', clients: 3, does: 'exclude', count: excludes },
          ],
        },
        // The last word on the configuration, and then nobody is in the way of reading it.
        { name: 'last', isMeasured: false, roles: [{ ...rewriter, count: 1, in: () => 1 }] },
        {
          name: 'still',
          isMeasured: false,
          roles: [{ ...reserver, count: 1, in: (draw) => `d${draw.member}-still` }],
        },
      ],
    };
  },
  invariants: {
    'lowest ports of the two ranges': (_site, history) => {
      const given = history.ok('reserveConfigured');
      const within = ranges.map(({ min, max }) =>
        given.filter(({ output }) => min <= output && output <= max),
      );
      const outside = given
        .filter((one) => !within.some((group) => group.includes(one)))
        .map((one) => ({ message: `${one.output} is in neither range`, operations: [one] }));
      return [...outside, ...ranges.flatMap(({ min }, at) => lowestPorts(min, within[at] ?? []))];
    },
    'the configuration is obeyed': (_site, history) => {
      const rewrites = history.of('rewrite');
      return history.ok('reserveConfigured').flatMap((one): Broken[] => {
        const { min, max } = ranges[inForce(rewrites, one)] ?? { min: 0, max: 65_535 };
        if (min <= one.output && one.output <= max) return [];
        const message = `${one.output} is not within ${min} to ${max}, which the file says since before`;
        return [{ message, operations: [one] }];
      });
    },
    'no exclusion is lost': async (site, history) => {
      const { setup, root } = site.shared;
      const options = { cwd: root, env: {}, dataDir: setup.dataDir, cli: {} };
      const { policy } = await loadConfig(options);
      return history
        .ok('exclude')
        .filter(({ input }) => !policy.excluded.some((one) => covers(one, input)))
        .map((one) => ({
          message: `ports ${one.input} and ${one.input + 1} are not excluded`,
          operations: [one],
        }));
    },
    'no port twice': (_site, history) => sharedPorts(history.ok('reserveConfigured')),
    'printed is stored': async (site, history) =>
      printedIsStored(await site.list(), history.ok('reserveConfigured')),
  },
  expect: ['no-deadlock', 'all-ok'],
});

/** The range that was configured all the while that a reservation took; -1 when it was changed. */
function inForce(rewrites: readonly Operation<number>[], { invokedAt, returnedAt = 0 }: Operation) {
  const begun = rewrites.filter((rewrite) => rewrite.invokedAt < returnedAt);
  const last = begun.at(-1);
  if (last === undefined) return 0;
  return (last.returnedAt ?? Infinity) < invokedAt ? last.input : -1;
}

/** Exactly the two ports that were asked for: they join no others. */
function covers({ min, max }: { readonly min: number; readonly max: number }, from: number) {
  return min === from && max === from + 1;
}
