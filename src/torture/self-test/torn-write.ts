import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { torture } from '../declare/declaration.ts';

// More than is written at once.
const LENGTH = 70_000;

/** A large text, which is written beside the old one and put in its place. */
export const declared = torture({
  name: 'torn-write',
  store: {
    create: async ({ dir }) => {
      await writeFile(join(dir, 'text'), '0'.repeat(LENGTH));
      return dir;
    },
    open: (dir) => dir,
  },
  model: { init: '0' },
  ops: (op) => ({
    set: op({
      in: ({ client, nth }) => String.fromCharCode(97 + client * 8 + nth),
      run: async (dir, letter) => {
        await writeFile(join(dir, `text-${letter}`), letter.repeat(LENGTH));
        await rename(join(dir, `text-${letter}`), join(dir, 'text'));
      },
      spec: (_, letter) => letter,
    }),
    get: op({
      in: () => null,
      run: async (dir) => {
        const text = await readFile(join(dir, 'text'), 'utf8');
        const letter = text.slice(0, 1);
        return text === letter.repeat(LENGTH) ? letter : `${text.length} bytes`;
      },
      spec: (letter, _, answer) => answer === undefined || answer === letter,
    }),
  }),
  expect: ['linearizable'],
});
