import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { illegal, torture } from '../declare/declaration.ts';

/** A counter in a file, which is read and written under a lock. */
export const declared = torture({
  name: 'lost-update',
  store: {
    create: async ({ dir }) => {
      await writeFile(join(dir, 'count'), '0');
      return join(dir, 'count');
    },
    open: async (file, world) => ({ file, world, handle: await open(file, 'r') }),
    close: ({ handle }) => handle.close(),
  },
  model: { init: 0 },
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: async ({ file }, step) => {
        try {
          const count = Number(await readFile(file, 'utf8')) + step;
          await writeFile(file, String(count));
          return count;
        } finally {
          // Nothing to give back.
        }
      },
      spec: (count, step, answer) =>
        answer === count + step ? answer : illegal(`${answer} does not follow ${count}`),
    }),
  }),
  expect: ['linearizable'],
});
