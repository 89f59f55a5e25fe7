import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { torture } from '../declare/declaration.ts';
import { unique } from '../declare/input.ts';

/** Two values that change together, whoever is killed meanwhile. */
export const declared = torture({
  name: 'half-done',
  store: {
    create: async ({ dir }) => {
      await put(dir, 'first');
      return dir;
    },
    open: (dir) => dir,
  },
  model: { init: 'first' },
  ops: (op) => ({
    set: op({ in: unique(), run: put, spec: (_, value) => value }),
    get: op({
      in: () => null,
      run: async (dir) => {
        const [a, b] = (await readFile(join(dir, 'ab'), 'utf8')).split(' ');
        return a === b ? a : `${a} and ${b}`;
      },
      spec: (value, _, answer) => answer === undefined || answer === value,
    }),
  }),
  plan: () => ({
    phases: [{ name: 'run', roles: [{ name: 'writer', clients: 1, does: 'set', count: 2 }] }],
  }),
  finalReads: [{ f: 'get', input: null }],
  expect: ['linearizable'],
});

async function put(dir: string, value: string): Promise<void> {
  await writeFile(join(dir, 'ab'), value);
  await appendFile(join(dir, 'ab'), ` ${value}`);
}
