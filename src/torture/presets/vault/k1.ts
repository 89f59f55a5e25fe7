import { torture } from '../../declare/declaration.ts';
import { isSound } from './checks.ts';
import { contentOf } from './content.ts';
import { orRefusal } from './refusal.ts';
import { type Site, siteStore } from './site.ts';
import {
  contradictions,
  type KeyHistory,
  notRead,
  readTooEarly,
  readTooLate,
  staleLatest,
} from './version-reads.ts';

const key = 'k0';
const readers = 10;
const rounds = 10;

/** Reads of one key, while each of its versions is replaced by a new one and revoked. */
export const k1 = torture({
  name: 'K1',
  store: siteStore(({ vault }) => vault.create(key, contentOf(key))),
  ops: {
    latest: { in: () => null, run: ({ vault }: Site) => vault.latest(key) },
    reveal: {
      // That which is revoked in this round, or the one that is made, or the next.
      in: (draw) => draw.round + 1 + draw.int(3),
      run: ({ vault }: Site, version: number) => orRefusal(vault.reveal(key, version)),
    },
    rotate: { in: () => null, run: ({ vault }: Site) => vault.rotate(key) },
    revoke: {
      in: (draw) => draw.round + 1,
      run: ({ vault }: Site, version: number) => vault.revoke(key, version),
    },
  },
  plan: ({ full }) => ({
    phases: [
      {
        name: 'run',
        rounds,
        roles: [
          {
            name: 'reader',
            clients: readers,
            does: { latest: 1, reveal: 1 },
            count: full ? 100 : 10,
          },
          { name: 'rotator', clients: 1, does: ['rotate', 'revoke'], count: 2 },
        ],
      },
    ],
  }),
  invariants: {
    'everybody reads the same': (_site, history) =>
      contradictions(readsOf(history), contentOf(key)),
    'what is read was there': (_site, history) => readTooEarly(readsOf(history)),
    'no latest version is stale': (_site, history) => staleLatest(readsOf(history)),
    'nobody reads what is revoked': (_site, history) => readTooLate(readsOf(history)),
    'nobody is refused what is there': (_site, history) => notRead(readsOf(history)),
    'the last version is in use': async ({ vault }) => (await vault.latest(key)) === rounds + 1,
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock'],
});

function readsOf(history: {
  ok(f: 'latest'): KeyHistory['latest'];
  ok(f: 'reveal'): KeyHistory['reveal'];
  of(f: 'rotate'): KeyHistory['rotate'];
  of(f: 'revoke'): KeyHistory['revoke'];
}): KeyHistory {
  return {
    latest: history.ok('latest'),
    reveal: history.ok('reveal'),
    rotate: history.of('rotate'),
    revoke: history.of('revoke'),
  };
}
