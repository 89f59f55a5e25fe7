import { closeSync, existsSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { illegal, torture } from '../../src/torture/declare/declaration.ts';
import { plan } from './rounds.ts';

/** What `add` of a counter must answer when it is one step. */
function next(count: number, _input: unknown, output: number | undefined) {
  return output === undefined || output === count + 1 ? count + 1 : illegal('not the next');
}

/** How long a write is under way that a fault is to meet. */
const UNDER_WAY_MS = 8;

/** A counter that is read and written under a lock of the kernel. */
export const lockedCounter = torture({
  name: 'locked counter',
  store: {
    create: ({ dir }) => {
      writeFileSync(join(dir, 'counter'), '0');
      return join(dir, 'counter');
    },
    open: async (file, world) => ({ world, file: await open(file, 'r+') }),
    close: ({ file }) => file.close(),
  },
  model: { init: 0 },
  ops: (op) => ({
    add: op({
      in: () => null,
      run: async ({ world, file }) => {
        await world.lock(file);
        try {
          const count = Number((await readAll(file)).toString()) + 1;
          await pause(1);
          await file.write(String(count), 0);
          return count;
        } finally {
          world.unlock(file);
        }
      },
      spec: next,
    }),
  }),
  plan: plan('add', { rounds: 2, count: 25 }),
  expect: ['linearizable', 'all-ok'],
});

/** Seldom enough for those who wait to count as asleep on a busy machine. */
const ASK_MS = 10;

/** A counter under a file that is there while somebody is at it, whatever becomes of him. */
export const lockFileCounter = torture({
  name: 'lock file counter',
  store: {
    create: ({ dir }) => {
      writeFileSync(join(dir, 'counter'), '0');
      return dir;
    },
    open: (dir) => dir,
  },
  model: { init: 0 },
  ops: (op) => ({
    add: op({
      in: () => null,
      run: async (dir) => {
        const lock = join(dir, 'lock');
        while (!isMade(lock)) await pause(ASK_MS);
        const count = Number(readFileSync(join(dir, 'counter'), 'utf8')) + 1;
        await pause(UNDER_WAY_MS);
        writeFileSync(join(dir, 'counter'), String(count));
        unlinkSync(lock);
        return count;
      },
      spec: next,
    }),
    get: op({
      in: () => null,
      run: async (dir) => {
        while (existsSync(join(dir, 'lock'))) await pause(ASK_MS);
        return Number(readFileSync(join(dir, 'counter'), 'utf8'));
      },
      spec: (count, _, output) => output === undefined || output === count,
    }),
  }),
  plan: plan('add', { rounds: 1, count: 15 }),
  finalReads: [{ f: 'get', input: null }],
  expect: ['linearizable'],
});

function isMade(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}

async function readAll(file: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(100), 0, 100, 0);
  return buffer.subarray(0, bytesRead);
}

/** Shorter than the pauses of a test. */
const LEASE_MS = 60;

/** A counter under a lease, of which nobody asks when he writes whether he still has it. */
export const leasedCounter = torture({
  name: 'leased counter',
  store: {
    create: ({ dir }) => {
      writeFileSync(join(dir, 'counter'), '0');
      writeFileSync(join(dir, 'lease'), '0');
      return dir;
    },
    open: async (dir, world) => ({ world, dir, lease: await open(join(dir, 'lease'), 'r+') }),
    close: ({ lease }) => lease.close(),
  },
  model: { init: 0 },
  ops: (op) => ({
    add: op({
      in: () => null,
      run: async ({ world, dir, lease }) => {
        const renew = async (until: number) => {
          await world.lock(lease);
          const isFree = Number((await readAll(lease)).toString()) < Date.now();
          if (isFree || until === 0) await lease.write(String(until).padStart(20), 0);
          world.unlock(lease);
          return isFree;
        };
        while (!(await renew(Date.now() + LEASE_MS))) await pause(1);
        const count = Number(readFileSync(join(dir, 'counter'), 'utf8')) + 1;
        await pause(UNDER_WAY_MS);
        writeFileSync(join(dir, 'counter'), String(count));
        await renew(0);
        return count;
      },
      spec: next,
    }),
  }),
  plan: plan('add', { clients: 2, rounds: 1, count: 60 }),
  expect: ['linearizable'],
});
