import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { torture } from '../declare/declaration.ts';
import { unique } from '../declare/input.ts';

/** One value that survives a power loss once `set` has returned. */
export const declared = torture({
  name: 'missing-fsync',
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
      run: (dir) => readFile(join(dir, 'value'), 'utf8'),
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
  const file = await open(join(dir, 'value.new'), 'w');
  await file.writeFile(value);
  await file.close();
  await rename(join(dir, 'value.new'), join(dir, 'value'));
  const directory = await open(dir, 'r');
  await directory.sync();
  await directory.close();
}
