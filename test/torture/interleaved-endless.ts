import { openSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { torture } from '../../src/torture.ts';
import { isCode } from './interleaved.ts';

/** Stores that never come to an end somewhere, or to a bad one. */

const never = () => new Promise<never>(() => undefined);

function store(
  name: string,
  parts: {
    readonly open?: () => unknown;
    readonly close?: () => unknown;
    readonly put?: (dir: string, nth: number) => unknown;
    readonly look?: () => unknown;
  },
) {
  const { open, close, put = (dir, nth) => writeFile(join(dir, `${nth}`), ''), look } = parts;
  return torture({
    name,
    store: {
      create: async ({ dir }) => dir,
      open: async (dir) => {
        await open?.();
        return dir;
      },
      close: async () => void (await close?.()),
    },
    ops: (op) => ({
      put: op({ in: ({ nth }) => nth, run: async (dir, nth) => void (await put(dir, nth)) }),
    }),
    invariants: look ? { looked: async () => void (await look()) } : undefined,
  });
}

const fail = () => {
  throw new TypeError('no good');
};

export const hangsInOpen = store('hangs in open', { open: never });
export const hangsInPut = store('hangs in put', { put: (_, nth) => (nth === 1 ? never() : 0) });
export const hangsInClose = store('hangs in close', { close: never });
export const hangsWhenLookedAt = store('hangs when looked at', { look: never });
export const failsInOpen = store('fails in open', { open: fail });
export const failsInPut = store('fails in put', { put: fail });
export const failsInClose = store('fails in close', { close: fail });
export const failsWhenLookedAt = store('fails when looked at', { look: fail });

/** Waits for a second by looking at the clock. */
export const busy = store('busy', {
  put: async (dir, nth) => {
    const until = Date.now() + 1000;
    while (Date.now() < until);
    await writeFile(join(dir, `${nth}`), '');
    const later = performance.now() + 1000;
    while (performance.now() < later);
  },
});

/** Tries to get a lock that somebody else has until ten seconds are over, and holds its process up. */
export const patientlyBusy = store('patiently busy', {
  put: async (dir) => {
    const until = Date.now() + 10_000;
    while (Date.now() < until) {
      try {
        openSync(join(dir, 'lock'), 'wx');
        return;
      } catch (error) {
        if (!isCode(error, 'EEXIST')) throw error;
      }
    }
    await writeFile(join(dir, 'late'), '');
  },
});

/** Catches whatever is thrown and goes on. */
export const stubborn = store('stubborn', {
  put: async (dir, nth) => {
    await writeFile(join(dir, `${nth}`), '');
    for (;;) {
      try {
        openSync(join(dir, `${nth}`), 'wx');
      } catch {}
    }
  },
});

/** Goes on when it has ended its process. */
export const undead = store('undead', {
  put: async (dir, nth) => {
    await writeFile(join(dir, `${nth}`), '');
    for (;;) {
      try {
        process.exit(3);
      } catch {}
    }
  },
});

/** Computes for ever. */
export const computing = store('computing', {
  put: async (dir, nth) => {
    await writeFile(join(dir, `${nth}`), '');
    for (let count = 0; count >= 0; count = (count + 1) % 1000);
  },
});

/** Sleeps for ever, and nobody can wake it. */
export const asleep = store('asleep', {
  put: async (dir, nth) => {
    writeFileSync(join(dir, `${nth}`), '');
    await writeFile(join(dir, `${nth}`), '');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
