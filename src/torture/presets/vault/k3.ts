import { torture } from '../../declare/declaration.ts';
import type { Role } from '../../declare/plan.ts';
import { isSound } from './checks.ts';
import { contentOf } from './content.ts';
import { created, type Family, familyOf, latestOf, revoked, rotated, stepOf } from './family.ts';
import { orRefusal } from './refusal.ts';
import { type Site, siteStore } from './site.ts';

/** Some are there from the start; the others are made by whoever is first. */
const filled = 10;
const names = Array.from({ length: 15 }, (_, index) => `k${index}`);

interface Version {
  readonly key: string;
  readonly version: number;
}

/** Readers and writers of a few keys: some order of them explains every answer, key by key. */
export const k3 = torture({
  name: 'K3',
  store: siteStore(),
  model: {
    init: '',
    partition: (input: string | Version) => (typeof input === 'string' ? input : input.key),
  },
  ops: (op) => ({
    latest: op({
      in: (draw) => draw.pick(names),
      run: ({ vault }: Site, key) => orRefusal(vault.latest(key)),
      spec: (family: Family, _key, answer: string | number | undefined) =>
        stepOf(latestOf(family), answer),
    }),
    versions: op({
      in: (draw) => draw.pick(names),
      run: ({ vault }: Site, key) => orRefusal(vault.versions(key).then(familyOf)),
      spec: (family: Family, _key, answer: string | undefined) =>
        stepOf({ answer: family || 'NOT_FOUND', next: family }, answer),
    }),
    create: op({
      in: (draw) => draw.pick(names),
      run: ({ vault }: Site, key) => orRefusal(vault.create(key, contentOf(key))),
      spec: (family: Family, _key, answer: string | undefined) => stepOf(created(family), answer),
    }),
    rotate: op({
      in: (draw) => draw.pick(names),
      run: ({ vault }: Site, key) => orRefusal(vault.rotate(key)),
      spec: (family: Family, _key, answer: string | number | undefined) =>
        stepOf(rotated(family), answer),
    }),
    revoke: op({
      // Only where the next version is in use: a key whose last one is revoked does nothing any more.
      in: (draw): Version => ({ key: draw.pick(names), version: 1 + draw.int(draw.round + 2) }),
      run: ({ vault }: Site, { key, version }) =>
        orRefusal(vault.revoke(key, version, version + 1)),
      spec: (family: Family, { version }, answer: string | undefined) =>
        stepOf(revoked(family, version, version + 1), answer),
    }),
  }),
  plan: ({ full }) => ({
    repeats: full ? 20 : 1,
    phases: [
      once('prefill', 'create', filled),
      {
        name: 'run',
        rounds: 5,
        roles: [
          { name: 'reader', clients: 5, does: { latest: 2, versions: 1 }, count: 10 },
          { name: 'writer', clients: 5, does: { create: 1, rotate: 3, revoke: 2 }, count: 10 },
        ],
      },
      once('settle', 'versions', names.length),
    ],
  }),
  invariants: { sound: (site) => isSound(site) },
  expect: ['no-deadlock', 'linearizable'],
});

/** One client goes through the keys. */
function once<F extends string>(name: string, does: F, count: number) {
  const role: Role<F> = { name, clients: 1, does, count, in: (draw) => names[draw.nth] };
  return { name, roles: [role] };
}
