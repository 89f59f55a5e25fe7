import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { torture } from '../declare/declaration.ts';

/** Two files with a lock each; whoever needs both takes them in order of their names. */
export const declared = torture({
  name: 'deadlock',
  store: {
    create: async ({ dir }) => {
      await writeFile(join(dir, 'a'), '');
      await writeFile(join(dir, 'b'), '');
      return dir;
    },
    open: async (dir, world) => ({
      world,
      a: await open(join(dir, 'a'), 'r'),
      b: await open(join(dir, 'b'), 'r'),
    }),
    close: async ({ a, b }) => {
      await a.close();
      await b.close();
    },
  },
  ops: (op) => ({
    both: op({
      in: ({ client }): string => (client % 2 === 0 ? 'ab' : 'ba'),
      run: async ({ world, a, b }, order) => {
        const [first, second] = order === 'ba' ? [b, a] : [a, b];
        await world.lock(first);
        await world.lock(second);
        world.unlock(second);
        world.unlock(first);
      },
    }),
  }),
});
