import { closeSync, openSync, rmSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { torture, unique } from '../../src/torture.ts';
import { bump, createCounter, isCode } from './interleaved.ts';
import { next } from './interleaved-memory.ts';

/** Stores that do what only processes of their own can do, or be. */

const pid = process.pid;
let files = 0;

/** Names its files by the number of its process, which it keeps from when it was loaded. */
export const numbered = torture({
  name: 'numbered',
  store: { create: async ({ dir }) => dir, open: (dir) => dir },
  ops: (op) => ({
    put: op({
      in: unique(),
      run: (dir, text) => {
        files += 1;
        if (pid !== process.pid) throw new Error(`${pid} became ${process.pid}`);
        return writeFile(join(dir, `${pid}-${files}`), text, { flag: 'wx' });
      },
    }),
  }),
});

/** Its second client's second operation ends the process. */
export const exiting = torture({
  name: 'exiting',
  store: { create: async ({ dir }) => dir, open: (dir) => dir },
  ops: (op) => ({
    put: op({
      in: ({ client, nth }) => client === 1 && nth === 1,
      run: async (dir, isLast) => {
        await writeFile(join(dir, 'text'), '');
        if (isLast) process.exit(7);
        await writeFile(join(dir, 'text'), '');
      },
    }),
  }),
});

/** Whoever wants the lock file holds the process up until it is there. */
export const spinning = torture({
  name: 'spinning',
  store: { create: createCounter, open: (dir) => dir },
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: async (dir) => {
        for (;;) {
          try {
            closeSync(openSync(join(dir, 'lock'), 'wx'));
            break;
          } catch (error) {
            if (!isCode(error, 'EEXIST')) throw error;
          }
        }
        const count = await bump(dir);
        rmSync(join(dir, 'lock'));
        return count;
      },
      spec: next,
    }),
  }),
  model: { init: 0 },
  expect: ['linearizable'],
});

/** One client works on files, the other one in an addon, when it first needs it. */
export const halfNative = torture({
  name: 'half native',
  store: {
    create: async ({ dir }) => dir,
    open: (dir): { readonly dir: string; database?: DatabaseSync } => ({ dir }),
  },
  ops: (op) => ({
    look: op({ in: unique(), run: ({ dir }, text) => writeFile(join(dir, text), text) }),
    add: op({
      in: () => 1,
      run: async (store) => {
        store.database ??= new DatabaseSync(join(store.dir, 'counter.db'));
        store.database.exec('CREATE TABLE IF NOT EXISTS counter (count INTEGER)');
      },
    }),
  }),
  plan: () => ({
    phases: [
      {
        name: 'run',
        roles: [
          { name: 'looker', clients: 1, does: 'look', count: 2 },
          { name: 'adder', clients: 1, does: 'add', count: 2 },
        ],
      },
    ],
  }),
});

/** Refuses what finds no room, and has then done nothing. */
export const refusing = torture({
  name: 'refusing',
  store: {
    create: async ({ dir }) => {
      await writeFile(join(dir, 'value'), 'first');
      return dir;
    },
    open: (dir) => dir,
  },
  ops: (op) => ({
    set: op({
      in: unique(),
      run: async (dir, value) => {
        await writeFile(join(dir, `${value}.new`), value);
        await rename(join(dir, `${value}.new`), join(dir, 'value'));
      },
      on: { ENOSPC: 'fail', EIO: 'fail', EMFILE: 'fail' },
      spec: (_, value) => value,
    }),
    get: op({
      in: () => null,
      run: (dir) => readFile(join(dir, 'value'), 'utf8'),
      on: { EIO: 'fail', EMFILE: 'fail' },
      spec: (value, _, answer) => answer === undefined || answer === value,
    }),
  }),
  model: { init: 'first' },
  finalReads: [{ f: 'get', input: null }],
  expect: ['linearizable', 'all-ok'],
});

/** Only its last writes do not look at errors. */
export const tired = torture({
  name: 'tired',
  store: { create: async ({ dir }) => dir, open: (dir) => dir },
  ops: (op) => ({
    put: op({
      in: ({ nth }) => nth,
      run: async (dir, nth) => {
        const written = writeFile(join(dir, `${nth}`), 'text');
        await (nth < 18 ? written : written.catch(() => undefined));
      },
      on: { ENOSPC: 'fail' },
    }),
  }),
  plan: () => ({
    phases: [{ name: 'run', roles: [{ name: 'writer', clients: 1, does: 'put', count: 20 }] }],
  }),
  invariants: {
    'what was written is there': async (dir, history) => {
      for (const { input } of history.ok('put')) {
        if ((await readFile(join(dir, `${input}`), 'utf8').catch(() => '')) !== 'text')
          return false;
      }
      return true;
    },
  },
});

/** Answers what time it is; a later look must not find it earlier. */
export const timed = torture({
  name: 'timed',
  store: { create: async ({ dir }) => dir, open: (dir) => dir },
  ops: (op) => ({
    put: op({
      in: unique(),
      run: async (dir, text) => {
        await new Promise((resolve) => setTimeout(resolve, 60_000));
        await writeFile(join(dir, text), text);
        return Date.now();
      },
    }),
  }),
  invariants: {
    'time does not go back': (_dir, history) =>
      history.ok('put').every(({ output }) => output <= Date.now()),
  },
});
