import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { illegal, torture, unique } from '../../src/torture.ts';
import { alone } from './in-process-lock.ts';
import { bump, createCounter, isCode, takeLockFile } from './interleaved.ts';
import { next } from './interleaved-memory.ts';

/** Stores that are told from others by how they treat what surrounds them. */

const model = { init: 0 };

/** Only within one process does one addition wait for the other. */
export const aloneInProcess = torture({
  name: 'alone in its process',
  store: { create: createCounter, open: (dir) => dir },
  ops: (op) => ({ add: op({ in: () => 1, run: (dir) => alone(() => bump(dir)), spec: next }) }),
  model,
  expect: ['linearizable'],
});

/** The same, with a module that is imported when it is needed. */
export const lazilyAlone = torture({
  name: 'lazily alone',
  store: { create: createCounter, open: (dir) => dir },
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: async (dir) => {
        const { alone } = await import('./in-process-lock.ts');
        return alone(() => bump(dir));
      },
      spec: next,
    }),
  }),
  model,
  expect: ['linearizable'],
});

/** What a client holds while it is killed is held in its process, and gone with it. */
export const soundInProcess = torture({
  name: 'sound in its process',
  store: { create: async ({ dir }) => dir, open: (dir) => dir },
  ops: (op) => ({
    put: op({
      in: unique(),
      run: (dir, text) => alone(() => writeFile(join(dir, text), text)),
    }),
  }),
});

/** The third operation of each client leaves the lock file, and the others wait in their process. */
export const leavesLockFile = torture({
  name: 'leaves its lock file',
  store: { create: async ({ dir }) => dir, open: (dir) => dir },
  ops: (op) => ({
    put: op({
      in: ({ nth }) => nth,
      run: (dir, nth) =>
        alone(async () => {
          await takeLockFile(dir);
          if (nth !== 2) await rm(join(dir, 'lock'));
        }),
    }),
  }),
});

/** Loses updates, and looks at this or that before. */
export const unforeseeable = torture({
  name: 'unforeseeable',
  store: { create: createCounter, open: (dir) => dir },
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: async (dir) => {
        for (const digit of randomUUID().slice(0, 8)) await (digit < '8' ? stat(dir) : access(dir));
        return bump(dir);
      },
      spec: next,
    }),
  }),
  model,
  expect: ['linearizable'],
});

/** A lock file that is taken away when it has not changed for a minute, looked at every 5 ms. */
export const patientLockFile = torture({
  name: 'patient lock file',
  store: { create: async ({ dir }) => dir, open: (dir) => dir },
  ops: (op) => ({
    put: op({
      in: unique(),
      run: async (dir, text) => {
        const lock = join(dir, 'lock');
        for (;;) {
          try {
            await (await open(lock, 'wx')).close();
            break;
          } catch (error) {
            if (!isCode(error, 'EEXIST')) throw error;
            const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Date.now() }));
            if (Date.now() - mtimeMs > 60_000) await rm(lock, { force: true });
            await sleep(5);
          }
        }
        await writeFile(join(dir, text), text);
        await rm(lock, { force: true });
      },
    }),
  }),
});

/** A lock file that is taken away when it is ten seconds old by the clock of a date. */
export const staleLockFile = torture({
  name: 'stale lock file',
  store: { create: createCounter, open: (dir) => dir },
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: async (dir) => {
        const lock = join(dir, 'lock');
        for (const begun = performance.now(); ; ) {
          try {
            await (await open(lock, 'wx')).close();
            break;
          } catch (error) {
            if (!isCode(error, 'EEXIST')) throw error;
            const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Infinity }));
            const now = new Date();
            if (now.getTime() - mtimeMs > 10_000) await rm(lock, { force: true });
            if (performance.now() - begun > 1000)
              throw Object.assign(new Error(), { code: 'BUSY' });
            await sleep(10);
          }
        }
        try {
          return await bump(dir);
        } finally {
          await rm(lock);
        }
      },
      on: { BUSY: 'fail' },
      spec: next,
    }),
  }),
  model,
  expect: ['linearizable'],
});

/** Changes what it is given. */
export const greedy = torture({
  name: 'greedy',
  store: { create: () => null, open: (_, world) => world.instrument({ take: () => undefined }) },
  ops: (op) => ({
    take: op({
      in: () => ({ left: 3, name: Buffer.from('abc') }),
      run: async (store, input) => {
        await store.take();
        input.left -= 1;
        return `${input.left} ${input.name.reverse()}`;
      },
      spec: (_model, { left }, answer) =>
        answer === undefined || (left === 3 && answer === '2 cba') || illegal(answer),
    }),
  }),
  model,
  expect: ['linearizable'],
});

/** Lets go of its lock after it has answered. */
export const letsGoLate = torture({
  name: 'lets go late',
  store: { create: createCounter, open: (dir) => dir },
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: async (dir) => {
        await takeLockFile(dir);
        const count = await bump(dir);
        void rm(join(dir, 'lock'));
        return count;
      },
      spec: next,
    }),
    read: op({
      in: () => 1,
      run: async (dir) => {
        await takeLockFile(dir);
        const count = Number(await readFile(join(dir, 'count'), 'utf8'));
        await rm(join(dir, 'lock'));
        return count;
      },
      spec: (count, _, answer) => answer === undefined || answer === count,
    }),
  }),
  model,
  finalReads: [{ f: 'read', input: 1 }],
  expect: ['linearizable'],
});

/** Its second client never lets go. */
export const neverLetsGo = torture({
  name: 'never lets go',
  store: { create: createCounter, open: (dir) => dir },
  ops: (op) => ({
    add: op({
      in: ({ client }) => client,
      run: async (dir, client) => {
        await takeLockFile(dir);
        if (client === 0) await rm(join(dir, 'lock'));
      },
    }),
  }),
  plan: () => ({
    phases: [{ name: 'run', roles: [{ name: 'adder', clients: 2, does: 'add', count: 1 }] }],
  }),
  invariants: { 'can be read': (dir) => takeLockFile(dir) },
});

/** What is written last is not there, but only when nobody writes after it. */
export const losesTheLast = torture({
  name: 'loses the last',
  store: {
    create: (): { values: string[] } => ({ values: ['first'] }),
    open: (memory, world) =>
      world.instrument({
        get: () => memory.values.at(-2) ?? memory.values.at(-1),
        put: (text: string) => void memory.values.push(text),
      }),
  },
  ops: (op) => ({
    put: op({ in: unique(), run: (memory, text) => memory.put(text), spec: (_, text) => text }),
    get: op({
      in: () => null,
      run: (memory) => memory.get(),
      spec: (value, _, answer) => answer === undefined || answer === value,
    }),
  }),
  model: { init: 'first' },
  plan: () => ({
    phases: [{ name: 'run', roles: [{ name: 'writer', clients: 2, does: 'put', count: 1 }] }],
  }),
  finalReads: [{ f: 'get', input: null }],
  expect: ['linearizable'],
});

/** Ways to fail where nobody catches it. */
function careless(fail: (dir: string) => void) {
  return torture({
    name: 'careless',
    store: { create: async ({ dir }) => dir, open: (dir) => dir },
    ops: (op) => ({
      put: op({
        in: ({ nth }) => nth,
        run: async (dir, nth) => {
          if (nth === 1) fail(dir);
          await writeFile(join(dir, `${nth}`), '');
          await sleep(10);
        },
      }),
    }),
    module: import.meta.url,
  });
}

export const carelessTimer = {
  ...careless(() => {
    setTimeout(() => {
      throw new Error('nobody looks');
    }, 1);
  }),
  name: 'careless timer',
};

export const carelessPromise = {
  ...careless((dir) => void rm(join(dir, 'nothing'))),
  name: 'careless promise',
};

export const carelessStream = {
  ...careless((dir) => void createWriteStream(join(dir, 'no', 'directory'))),
  name: 'careless stream',
};

/** Many additions before those that are looked at, behind a lock that all come by. */
export const wellFilled = torture({
  name: 'well filled',
  store: {
    create: (): { count: number } => ({ count: 0 }),
    open: (memory, world) => world.instrument({ add: () => ++memory.count }),
  },
  ops: (op) => ({ add: op({ in: () => 1, run: (memory) => memory.add(), spec: next }) }),
  model,
  plan: () => ({
    phases: [
      { name: 'prefill', roles: [{ name: 'filler', clients: 1, does: 'add', count: 2500 }] },
      { name: 'run', roles: [{ name: 'adder', clients: 2, does: 'add', count: 2 }] },
    ],
  }),
  expect: ['linearizable', 'all-ok'],
});

/** Checks whether a file is there before it makes it, when it is opened. */
export const opensTwice = torture({
  name: 'opens twice',
  store: {
    create: async ({ dir }) => dir,
    open: async (dir) => {
      const isThere = await stat(join(dir, 'made')).then(
        () => true,
        () => false,
      );
      if (!isThere) await writeFile(join(dir, 'made'), '', { flag: 'wx' });
      return dir;
    },
  },
  ops: (op) => ({ look: op({ in: () => 1, run: (dir) => readFile(join(dir, 'made'), 'utf8') }) }),
});

/** Holds up nobody, whatever it is doing. */
export const compressing = torture({
  name: 'compressing',
  store: { create: async ({ dir }) => dir, open: (dir) => dir },
  ops: (op) => ({
    put: op({
      in: unique(),
      run: async (dir, text) => {
        const packed = await promisify(gzip)(text);
        await writeFile(join(dir, text), packed);
      },
    }),
  }),
});

/** A counter that a native addon keeps, which no simulation reaches. */
export const native = torture({
  name: 'native',
  store: {
    create: ({ dir }) => {
      const file = join(dir, 'counter.db');
      using database = new DatabaseSync(file);
      database.exec('CREATE TABLE counter (count INTEGER); INSERT INTO counter VALUES (0)');
      return file;
    },
    open: (file) => new DatabaseSync(file, { timeout: 10_000 }),
    close: (database) => database.close(),
  },
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: (database, step) =>
        Number(
          database.prepare('UPDATE counter SET count = count + ? RETURNING count').get(step)?.count,
        ),
      spec: next,
    }),
  }),
  model,
  modes: ['interleave', 'threads'],
  expect: ['linearizable'],
});
