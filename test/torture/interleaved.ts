import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { torture, type World } from '../../src/torture.ts';
import { next } from './interleaved-memory.ts';

const model = { init: 0 };

/** Reads a counter and writes it. */
export async function bump(dir: string): Promise<number> {
  const count = Number(await readFile(join(dir, 'count'), 'utf8')) + 1;
  await writeFile(join(dir, 'count'), String(count));
  return count;
}

export async function createCounter({ dir }: { readonly dir: string }): Promise<string> {
  await writeFile(join(dir, 'count'), '0');
  return dir;
}

/** A file that exists while somebody holds the lock. */
export async function takeLockFile(dir: string): Promise<void> {
  for (;;) {
    try {
      const handle = await open(join(dir, 'lock'), 'wx');
      return await handle.close();
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
      await sleep(5);
    }
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** A counter behind a lock file. Odd additions are refused while the lock is held. */
export const lockFile = torture({
  name: 'lock file',
  store: { create: createCounter, open: (dir) => dir },
  ops: (op) => ({
    add: op({
      in: ({ nth }) => nth,
      run: async (dir, nth) => {
        await takeLockFile(dir);
        try {
          if (nth % 2 === 1) throw Object.assign(new Error('odd'), { code: 'REFUSED' });
          return await bump(dir);
        } finally {
          await rm(join(dir, 'lock'));
        }
      },
      on: { REFUSED: 'fail' },
      spec: next,
    }),
  }),
  model,
  expect: ['linearizable'],
});

/** The same without `finally`. */
export const leakedLockFile = torture({
  ...lockFile,
  name: 'leaked lock file',
  ops: (op) => ({
    add: op({
      in: ({ nth }) => nth,
      run: async (dir, nth) => {
        await takeLockFile(dir);
        if (nth % 2 === 1) throw Object.assign(new Error('odd'), { code: 'REFUSED' });
        const count = await bump(dir);
        await rm(join(dir, 'lock'));
        return count;
      },
      on: { REFUSED: 'fail' },
      spec: next,
    }),
  }),
});

interface Locked {
  readonly dir: string;
  readonly world: World;
  readonly a: Awaited<ReturnType<typeof open>>;
  readonly b: Awaited<ReturnType<typeof open>>;
}

const lockedStore = {
  create: async ({ dir }: { readonly dir: string }) => {
    for (const name of ['a', 'b']) await writeFile(join(dir, name), '');
    return createCounter({ dir });
  },
  open: async (dir: string, world: World): Promise<Locked> => ({
    ...{ dir, world },
    a: await open(join(dir, 'a'), 'r'),
    b: await open(join(dir, 'b'), 'r'),
  }),
  close: async ({ a, b }: Locked) => {
    await a.close();
    await b.close();
  },
};

async function holding<T>(world: World, locks: readonly Locked['a'][], work: () => Promise<T>) {
  for (const lock of locks) await world.lock(lock);
  try {
    return await work();
  } finally {
    for (const lock of locks) world.unlock(lock);
  }
}

/** A counter behind a lock of the kernel. */
export const flocked = torture({
  name: 'flocked',
  store: lockedStore,
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: ({ world, dir, a }) => holding(world, [a], () => bump(dir)),
      spec: next,
    }),
  }),
  model,
  expect: ['linearizable', 'all-ok'],
});

/** Two locks, of which every second client takes the other one first. */
export const twoLocks = torture({
  name: 'two locks',
  store: lockedStore,
  ops: (op) => ({
    add: op({
      in: ({ client }) => client % 2 === 0,
      run: ({ world, dir, a, b }, isEven) =>
        holding(world, isEven ? [a, b] : [b, a], () => bump(dir)),
      spec: next,
    }),
  }),
  model,
  expect: ['linearizable'],
});
