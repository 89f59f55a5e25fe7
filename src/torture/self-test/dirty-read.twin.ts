import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { illegal, torture } from '../declare/declaration.ts';
import { integer } from '../declare/input.ts';

const TOTAL = 100;

/** Two accounts in two files, between which money is moved under a lock. */
export const declared = torture({
  name: 'dirty-read',
  store: {
    create: async ({ dir }) => {
      await writeFile(join(dir, 'a'), String(TOTAL));
      await writeFile(join(dir, 'b'), '0');
      return dir;
    },
    open: async (dir, world) => ({ dir, world, handle: await open(join(dir, 'a'), 'r') }),
    close: ({ handle }) => handle.close(),
  },
  model: { init: TOTAL },
  ops: (op) => ({
    move: op({
      in: integer(1, 9),
      run: async ({ dir, world, handle }, amount) => {
        await world.lock(handle);
        const [a, b] = [join(dir, 'a'), join(dir, 'b')];
        await writeFile(a, String(Number(await readFile(a, 'utf8')) - amount));
        await writeFile(b, String(Number(await readFile(b, 'utf8')) + amount));
        world.unlock(handle);
      },
      spec: () => true,
    }),
    total: op({
      in: () => null,
      run: async ({ dir }) => {
        const a = Number(await readFile(join(dir, 'a'), 'utf8'));
        const b = Number(await readFile(join(dir, 'b'), 'utf8'));
        return a + b;
      },
      spec: (total, _, sum) =>
        sum === undefined || sum === total || illegal(`${sum} was never there`),
    }),
  }),
  expect: ['linearizable'],
});
