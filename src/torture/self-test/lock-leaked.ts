import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { torture } from '../declare/declaration.ts';

/** Values that are checked under the lock under which they are written. */
export const declared = torture({
  name: 'lock-leaked',
  store: {
    create: async ({ dir }) => {
      await writeFile(join(dir, 'value'), '');
      return join(dir, 'value');
    },
    open: async (file, world) => ({ file, world, handle: await open(file, 'r') }),
    close: ({ handle }) => handle.close(),
  },
  ops: (op) => ({
    put: op({
      in: ({ nth }) => (nth % 3 < 2 ? 'good' : 'bad'),
      run: async ({ file, world, handle }, value) => {
        await world.lock(handle);
        try {
          if (value === 'bad') throw Object.assign(new Error('bad value'), { code: 'BAD' });
          await writeFile(file, value);
        } finally {
          world.unlock(handle);
        }
      },
      on: { BAD: 'fail' },
    }),
  }),
});
