import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { torture } from '../../src/torture.ts';

/** Stores that cannot be created. */

const ops = {
  touch: { in: () => null, run: () => null },
};

/** Wants a file that nobody has put there. */
export const failing = torture({
  name: 'failing',
  store: { create: ({ dir }) => readTemplate(dir), open: (template) => template },
  ops,
});

function readTemplate(dir: string): Promise<string> {
  return readFile(join(dir, 'template'), 'utf8').catch((error) => {
    throw Object.assign(new Error('there is no template', { cause: error }), { code: 'TEMPLATE' });
  });
}

export const hanging = torture({
  name: 'hanging',
  store: { create: () => new Promise<string>(() => undefined), open: (dir) => dir },
  ops,
});

/** Answers what only lives where it was made. */
export const unsendable = torture({
  name: 'unsendable',
  store: { create: ({ dir }) => ({ path: () => dir }), open: ({ path }) => path() },
  ops,
});
