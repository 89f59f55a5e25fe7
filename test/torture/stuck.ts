import { existsSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { op, torture } from '../../src/torture/declare/declaration.ts';
import { plan } from './rounds.ts';

/** Two locks in shared memory. Either client has one of them when it asks for the other. */
export const crossedThreads = torture({
  name: 'crossed threads',
  store: {
    create: () => new Int32Array(new SharedArrayBuffer(8)),
    open: (locks) => locks,
  },
  ops: (op) => ({
    both: op({
      in: (draw) => draw.client,
      run: (locks, client) => {
        takeLock(locks, client);
        // Until the other one has taken its first.
        Atomics.wait(locks, 1 - client, 0);
        takeLock(locks, 1 - client);
      },
    }),
  }),
  plan: plan('both', { clients: 2, rounds: 1, count: 1 }),
});

function takeLock(locks: Int32Array, lock: number): void {
  while (Atomics.compareExchange(locks, lock, 0, 1) !== 0) Atomics.wait(locks, lock, 1);
  Atomics.notify(locks, lock);
}

/** The same with two locks of the kernel. */
export const crossedProcesses = torture({
  name: 'crossed processes',
  store: {
    create: ({ dir }) => {
      for (const name of ['first', 'second']) writeFileSync(join(dir, name), '');
      return dir;
    },
    open: async (dir, world) => ({
      ...{ world, dir },
      locks: [await open(join(dir, 'first'), 'r+'), await open(join(dir, 'second'), 'r+')],
    }),
    close: async ({ locks }) => {
      for (const lock of locks) await lock.close();
    },
  },
  ops: (op) => ({
    both: op({
      in: (draw) => draw.client,
      run: async ({ world, dir, locks }, client) => {
        const [mine, theirs] = client === 0 ? locks : locks.toReversed();
        if (mine) await world.lock(mine);
        writeFileSync(join(dir, `${client} has one`), '');
        while (!existsSync(join(dir, `${1 - client} has one`))) await pause(5);
        if (theirs) await world.lock(theirs);
      },
    }),
  }),
  plan: plan('both', { clients: 2, rounds: 1, count: 1 }),
});

const nowhere = { create: () => null, open: () => null };

/** Its second client's third operation computes for ever. */
export const spinning = torture({
  name: 'spinning',
  store: nowhere,
  ops: {
    compute: op({
      in: (draw) => draw.client === 1 && draw.nth === 2,
      run: async (_store, isEndless) => {
        await turn();
        if (isEndless) computeForEver();
      },
    }),
  },
  plan: plan('compute', { clients: 2, rounds: 1, count: 5 }),
});

function computeForEver(): void {
  for (let count = 0; ; count += 1) Math.sqrt(count);
}

/** Its second client's third operation stops its process. */
export const stopping = torture({
  name: 'stopping',
  store: nowhere,
  ops: {
    work: op({
      in: (draw) => draw.client === 1 && draw.nth === 2,
      run: async (_store, isLast) => {
        await turn();
        if (isLast) process.kill(process.pid, 'SIGSTOP');
      },
    }),
  },
  plan: plan('work', { clients: 2, rounds: 1, count: 5 }),
});

/** Its first client waits as long as the others do anything at all. */
export const starving = torture({
  name: 'starving',
  store: nowhere,
  ops: {
    work: op({
      in: (draw) => draw.client,
      run: (_store, client) => pause(client === 0 ? 60_000 : 1),
    }),
  },
  plan: plan('work', { clients: 3, rounds: 1, count: 20_000 }),
});
