import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { torture } from '../declare/declaration.ts';
import { unique } from '../declare/input.ts';

/** One value in a file, of which a reader keeps a copy while the file's number is the same. */
export const declared = torture({
  name: 'stale-read',
  store: {
    create: async ({ dir }) => {
      await writeFile(join(dir, 'value'), 'first');
      await writeFile(join(dir, 'number'), '0');
      return dir;
    },
    open: (dir) => ({ dir, number: '', value: '' }),
  },
  model: { init: 'first' },
  ops: (op) => ({
    set: op({
      in: unique(),
      run: async ({ dir }, value) => {
        await writeFile(join(dir, `${value}.new`), value);
        await rename(join(dir, `${value}.new`), join(dir, 'value'));
        await writeFile(join(dir, 'number'), value);
      },
      spec: (_, value) => value,
    }),
    get: op({
      in: () => null,
      run: async (reader) => {
        const number = await readFile(join(reader.dir, 'number'), 'utf8');
        if (reader.value === '') {
          reader.value = await readFile(join(reader.dir, 'value'), 'utf8');
          reader.number = number;
        }
        return reader.value;
      },
      spec: (value, _, answer) => answer === undefined || answer === value,
    }),
  }),
  plan: () => ({
    phases: [
      {
        name: 'run',
        roles: [
          { name: 'writer', clients: 1, does: 'set', count: 2 },
          { name: 'reader', clients: 1, does: 'get', count: 3 },
        ],
      },
    ],
  }),
  expect: ['linearizable'],
});
