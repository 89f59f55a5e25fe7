import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Broken, torture } from '../../declare/declaration.ts';
import { contentChanged, inexact, isSound, missing } from './checks.ts';
import { contentOf } from './content.ts';
import { isRefusal, orRefusal } from './refusal.ts';
import { type Site, type SiteShared, siteStore } from './site.ts';

function clientsIn(full: boolean): number {
  return full ? 16 : 5;
}

/** Keys are made in a file, and read by others than made them; then it is opened by somebody new. */
export const k4 = torture({
  name: 'K4',
  store: siteStore(),
  ops: {
    create: {
      in: (draw) => `k${draw.client}-${draw.nth >> 1}`,
      run: ({ vault }: Site, key: string) => vault.create(key, contentOf(key)),
    },
    reveal: {
      in: () => '',
      run: ({ vault }: Site, key: string) => orRefusal(vault.reveal(key, 1)),
    },
  },
  plan: ({ full }) => {
    const clients = clientsIn(full);
    const each = { clients, count: 10 };
    return {
      phases: [
        {
          name: 'run',
          rounds: 2,
          roles: [
            {
              name: 'client',
              ...each,
              does: ['create', 'reveal'],
              // Everybody reads what the next one has just made, or is about to make.
              in: (draw) =>
                draw.nth % 2 === 0
                  ? `k${draw.client}-${draw.nth >> 1}`
                  : `k${(draw.client + 1) % clients}-${draw.nth >> 1}`,
            },
          ],
        },
      ],
    };
  },
  invariants: {
    'every write persisted': async ({ vault }, history) =>
      missing(await vault.list(), history.ok('create')),
    'content exact': ({ vault }, history) => inexact(vault, history.ok('create')),
    'what was read is exact': (_site, history) => {
      const isRead = ({ output }: { output: string }) => !isRefusal(output);
      const read = history.ok('reveal').filter(isRead);
      const wrong = read.filter(({ input, output }) => output !== contentOf(input));
      history.note(`${read.length} of ${history.ok('reveal').length} reads met a key`);
      return wrong.length === 0 ? [] : [contentChanged(wrong)];
    },
    'what was made is found': (_site, history) =>
      history.ok('reveal').flatMap((read): Broken[] => {
        const made = history.ok('create').find(({ input }) => input === read.input);
        const isMade = made !== undefined && (made.returnedAt ?? 0) < read.invokedAt;
        if (!isRefusal(read.output) || !isMade) return [];
        return [
          {
            message: `${read.input} is there, and the answer ${read.output}`,
            operations: [made, read],
          },
        ];
      }),
    'every write is in the log once': async ({ vault }, history) => {
      const logged = (await vault.created()).toSorted();
      const asked = history
        .ok('create')
        .map(({ input }) => input)
        .sort();
      return (
        String(logged) === String(asked) || `${logged.length} of ${asked.length} keys are logged`
      );
    },
    'nothing lies in the files as it is': (_site, history, shared) => {
      const files = filesOf(shared);
      return history
        .ok('create')
        .filter(({ input }) => files.some((bytes) => bytes.includes(contentOf(input), 0, 'hex')))
        .map((one) => ({ message: `the content of ${one.input} can be read`, operations: [one] }));
    },
    sound: (site) => isSound(site),
  },
  expect: ['no-deadlock'],
});

function filesOf({ setup: { dir } }: SiteShared): readonly Buffer[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
}
