import { torture } from '../../declare/declaration.ts';
import { inexact, isSound, missing, unasked } from './checks.ts';
import { contentOf } from './content.ts';
import { type Site, siteStore } from './site.ts';

const writers = 10;
const rounds = 2;

/** Everybody makes keys of their own. */
export const k2 = torture({
  name: 'K2',
  store: siteStore(),
  ops: {
    create: {
      in: (draw) => `k${draw.client}-${draw.nth}`,
      run: ({ vault }: Site, key: string) => vault.create(key, contentOf(key)),
    },
  },
  plan: ({ full }) => ({
    phases: [
      {
        name: 'run',
        rounds: full ? 10 * rounds : rounds,
        roles: [{ name: 'writer', clients: writers, does: 'create', count: 5 }],
      },
    ],
  }),
  invariants: {
    'every key is there': async ({ vault }, history) =>
      missing(await vault.list(), history.ok('create')),
    'nothing else is there': async ({ vault }, history) =>
      unasked(
        await vault.list(),
        history.of('create').map(({ input }) => input),
      ),
    'content exact': ({ vault }, history) => inexact(vault, history.ok('create')),
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock'],
});
