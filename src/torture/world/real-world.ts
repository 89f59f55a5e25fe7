import fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { instrumented } from './instrumented.ts';
import type { World } from './world.ts';

/** The part of `fs-native-extensions` that is used here. Locks belong to the open file. */
interface KernelLocks {
  tryLock(descriptor: number): boolean;
  unlock(descriptor: number): void;
}

let kernelLocks: KernelLocks | undefined;

function locks(): KernelLocks {
  // Native: loaded only for stores that lock.
  kernelLocks ??= createRequire(import.meta.url)('fs-native-extensions') as KernelLocks;
  return kernelLocks;
}

/** The machine as it is. */
export const realWorld: World = {
  fs,
  now: () => Date.now(),
  sleep: (ms) => pause(ms),
  async lock(file) {
    // Waiting in the kernel would take a thread of libuv's pool, and the holder may need one.
    while (!locks().tryLock(file.fd)) await pause(LOCK_POLL_MS);
  },
  tryLock: (file) => locks().tryLock(file.fd),
  unlock: (file) => locks().unlock(file.fd),
  instrument: (handle) => instrumented(handle, async (_name, perform) => perform()),
};

const LOCK_POLL_MS = 1;
