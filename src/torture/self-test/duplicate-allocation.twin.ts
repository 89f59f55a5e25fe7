import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { illegal, torture } from '../declare/declaration.ts';

/** Numbers, each of which belongs to whoever made the file of that name. */
export const declared = torture({
  name: 'duplicate-allocation',
  store: { create: ({ dir }) => dir, open: (dir) => dir },
  model: { init: [] as readonly number[] },
  ops: (op) => ({
    take: op({
      in: () => null,
      run: async (dir) => {
        const taken = await readdir(dir);
        for (let number = 0; ; number += 1) {
          if (taken.includes(String(number))) continue;
          try {
            await writeFile(join(dir, String(number)), '', { flag: 'w' });
            return number;
          } catch {
            // Somebody else was quicker.
          }
        }
      },
      spec: (taken, _, number) => {
        if (number === undefined) return true;
        return taken.includes(number) ? illegal(`${number} is taken`) : [...taken, number].sort();
      },
    }),
  }),
  plan: () => ({
    phases: [{ name: 'run', roles: [{ name: 'taker', clients: 3, does: 'take', count: 3 }] }],
  }),
  expect: ['linearizable'],
});
