import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { torture } from '../declare/declaration.ts';

/** A journal that is opened for every line. */
export const declared = torture({
  name: 'descriptor-leaked',
  store: {
    create: async ({ dir }) => {
      await writeFile(join(dir, 'journal'), '');
      return join(dir, 'journal');
    },
    open: (file) => file,
  },
  ops: (op) => ({
    append: op({
      in: ({ nth }) => (nth % 2 === 0 ? 'line' : ''),
      run: async (file, line) => {
        const journal = await open(file, 'a');
        if (line === '') return;
        await journal.writeFile(line);
        await journal.close();
      },
    }),
  }),
  expect: ['no-leak'],
});
