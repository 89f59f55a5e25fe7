import { torture } from '../../declare/declaration.ts';
import type { Draw } from '../../declare/input.ts';
import type { Role } from '../../declare/plan.ts';
import { contentChanged, isSound } from './checks.ts';
import { contentOf } from './content.ts';
import { isRefusal, orRefusal } from './refusal.ts';
import { type Site, siteStore } from './site.ts';

const names = ['k0', 'k1', 'k2', 'k3'];
const carriage = { password: 'a password', memoryKib: 64 };
const order = ['create', 'reveal', 'list', 'rotate', 'exportKey', 'cleanup'] as const;

/** Keys are made, and everybody does everything to the same few, one half in the opposite order. */
export const k6 = torture({
  name: 'K6',
  store: siteStore(async ({ vault }) => {
    for (const key of names) await vault.create(key, contentOf(key));
  }),
  ops: (op) => ({
    create: op({
      in: ({ client, nth }) => `${client}-${nth}`,
      run: ({ vault }: Site, key) => vault.create(key, contentOf(key)),
    }),
    reveal: op({
      in: nameOf,
      run: ({ vault }: Site, key) => orRefusal(vault.reveal(key, 1)),
    }),
    list: op({
      in: () => null,
      run: async ({ vault }: Site) => (await vault.list()).length,
    }),
    rotate: op({
      in: nameOf,
      run: ({ vault }: Site, key) => orRefusal(vault.rotate(key)),
    }),
    exportKey: op({
      in: nameOf,
      run: ({ vault }: Site, key) =>
        orRefusal(
          vault.latest(key).then(async (version) => {
            return (await vault.exportKey(key, version, carriage)).length;
          }),
        ),
    }),
    cleanup: op({
      in: nameOf,
      run: ({ vault }: Site, key) => orRefusal(vault.cleanup(key, 2)),
    }),
  }),
  plan: ({ full }) => {
    const half = { clients: full ? 10 : 5, count: 12 };
    return {
      repeats: full ? 10 : 1,
      phases: [
        {
          name: 'run',
          rounds: 5,
          roles: [
            { name: 'forth', does: order, ...half },
            { name: 'back', does: order.toReversed(), ...half, in: backwards },
          ] satisfies Role[],
        },
      ],
    };
  },
  invariants: {
    'contents are exact': (_site, history) => {
      const read = history.ok('reveal').filter(({ output }) => !isRefusal(output));
      const wrong = read.filter(({ input, output }) => output !== contentOf(input));
      return wrong.length === 0 ? [] : [contentChanged(wrong)];
    },
    'every key is whole': async ({ vault }) => {
      for (const { key, version, state } of await vault.list()) {
        if (state !== 'Revoked') await vault.reveal(key, version);
      }
    },
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock'],
});

function nameOf({ nth }: Draw): string {
  return names[Math.floor(nth / order.length) % names.length] ?? '';
}

/** The same from the last key to the first; what is made is nobody else's. */
function backwards(draw: Draw): string {
  const isCreate = order.toReversed()[draw.nth % order.length] === 'create';
  if (isCreate) return `${draw.client}-${draw.nth}`;
  return names[names.length - 1 - (Math.floor(draw.nth / order.length) % names.length)] ?? '';
}
