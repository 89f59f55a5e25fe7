import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { torture } from '../declare/declaration.ts';
import { unique } from '../declare/input.ts';

/** One value; whoever is told that it was written can read it. */
export const declared = torture({
  name: 'swallowed-error',
  store: {
    create: async ({ dir }) => {
      await writeFile(join(dir, 'value'), 'first');
      return dir;
    },
    open: (dir) => dir,
  },
  model: { init: 'first' },
  ops: (op) => ({
    set: op({
      in: unique(),
      run: async (dir, value) => {
        try {
          await writeFile(join(dir, `${value}.new`), value);
          await rename(join(dir, `${value}.new`), join(dir, 'value'));
        } catch (error) {
          throw new Error('not written', { cause: error });
        }
      },
      spec: (_, value) => value,
    }),
    get: op({
      in: () => null,
      run: (dir) => readFile(join(dir, 'value'), 'utf8'),
      spec: (value, _, answer) => answer === undefined || answer === value,
    }),
  }),
  finalReads: [{ f: 'get', input: null }],
  expect: ['linearizable'],
});
