import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { illegal, torture, unique } from '../../src/torture.ts';

const LARGE = 150_000;

function textStore(write: (dir: string, name: string, text: string) => Promise<void>) {
  return torture({
    name: 'text',
    store: {
      create: async ({ dir }) => {
        await writeFile(join(dir, 'text'), 'x'.repeat(LARGE));
        return dir;
      },
      open: (dir) => dir,
    },
    ops: (op) => ({
      set: op({
        in: ({ client, nth }) => String.fromCharCode(97 + 3 * client + nth),
        run: (dir, letter) => write(dir, letter, letter.repeat(LARGE)),
        spec: (_, letter) => letter,
      }),
      get: op({
        in: () => null,
        run: async (dir) => {
          const text = await readFile(join(dir, 'text'), 'utf8');
          return [...new Set(text)].join('') + (text.length === LARGE ? '' : text.length);
        },
        spec: (letter, _, answer) =>
          answer === undefined || answer === letter || illegal(`'${answer}' was read`),
      }),
    }),
    model: { init: 'x' },
    plan: () => ({
      phases: [
        {
          name: 'run',
          roles: [
            { name: 'writer', clients: 1, does: 'set', count: 1 },
            { name: 'reader', clients: 1, does: 'get', count: 1 },
          ],
        },
      ],
    }),
    expect: ['linearizable'],
    module: import.meta.url,
  });
}

/** A large text that is put in the place of the old one. */
export const renamed = {
  ...textStore(async (dir, name, text) => {
    await writeFile(join(dir, name), text);
    await rename(join(dir, name), join(dir, 'text'));
  }),
  name: 'renamed',
};

/** The same, written over the old one. */
export const inPlace = {
  ...textStore((dir, _name, text) => writeFile(join(dir, 'text'), text)),
  name: 'in place',
};

function valueStore(set: (dir: string, value: string) => Promise<void>) {
  return torture({
    name: 'value',
    store: {
      create: async ({ dir }) => {
        await mkdir(join(dir, 'values'));
        await synced(dir, 'first');
        return dir;
      },
      open: (dir) => dir,
    },
    ops: (op) => ({
      set: op({ in: unique(), run: set, spec: (_, value) => value }),
      get: op({
        in: () => null,
        run: (dir) => readFile(join(dir, 'value'), 'utf8'),
        spec: (value, _, answer) => answer === undefined || answer === value,
      }),
    }),
    model: { init: 'first' },
    plan: () => ({
      phases: [{ name: 'run', roles: [{ name: 'writer', clients: 2, does: 'set', count: 2 }] }],
    }),
    finalReads: [{ f: 'get', input: null }],
    expect: ['linearizable'],
    module: import.meta.url,
  });
}

async function synced(dir: string, value: string): Promise<void> {
  const file = await open(join(dir, `${value}.new`), 'w');
  await file.writeFile(value);
  await file.sync();
  await file.close();
  await rename(join(dir, `${value}.new`), join(dir, 'value'));
  const directory = await open(dir, 'r');
  await directory.sync();
  await directory.close();
}

/** A value that outlives a power loss once `set` has returned. */
export const durable = { ...valueStore(synced), name: 'durable' };

/** One that does not. */
export const volatile = {
  ...valueStore(async (dir, value) => {
    await writeFile(join(dir, `${value}.new`), value);
    await rename(join(dir, `${value}.new`), join(dir, 'value'));
  }),
  name: 'volatile',
};

/** One that says it was written although the disk was full. */
export const swallowing = {
  ...valueStore(async (dir, value) => {
    await writeFile(join(dir, `${value}.new`), value).catch(() => undefined);
    await rename(join(dir, `${value}.new`), join(dir, 'value')).catch(() => undefined);
  }),
  name: 'swallowing',
};

/** Two files that must say the same. */
function twins(write: (dir: string, value: string) => Promise<void>, read: string) {
  return torture({
    name: 'twins',
    store: {
      create: async ({ dir }) => {
        await write(dir, 'first');
        return dir;
      },
      open: (dir) => dir,
    },
    ops: (op) => ({ set: op({ in: unique(), run: write }) }),
    plan: () => ({
      phases: [{ name: 'run', roles: [{ name: 'writer', clients: 1, does: 'set', count: 2 }] }],
    }),
    invariants: {
      'both say the same': async (dir) => {
        const text = await readFile(join(dir, read), 'utf8');
        const other = read === 'both' ? text : await readFile(join(dir, 'b'), 'utf8');
        return text === other;
      },
    },
    module: import.meta.url,
  });
}

/** Written one after the other. */
export const separately = {
  ...twins(async (dir, value) => {
    await writeFile(join(dir, 'a'), value);
    await writeFile(join(dir, 'b'), value);
  }, 'a'),
  name: 'separately',
};

/** Written as one. */
export const together = {
  ...twins(async (dir, value) => {
    await writeFile(join(dir, `${value}.new`), value);
    await rename(join(dir, `${value}.new`), join(dir, 'both'));
  }, 'both'),
  name: 'together',
};
