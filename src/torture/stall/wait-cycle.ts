import type { HeldLock } from './locks.ts';

/**
 * Processes that wait for each other in a ring, each for a lock that the next one holds, as the
 * locks for which they wait; undefined when there is no ring.
 */
export function waitCycle(locks: readonly HeldLock[]): readonly HeldLock[] | undefined {
  for (const lock of locks) {
    const ring = lock.isWaiting && lock.pid !== undefined ? ringFrom([lock], locks) : undefined;
    if (ring) return ring;
  }
  return undefined;
}

function ringFrom(
  chain: readonly HeldLock[],
  locks: readonly HeldLock[],
): readonly HeldLock[] | undefined {
  const last = chain.at(-1);
  const holders = locks
    .filter(({ isWaiting, path, pid }) => !isWaiting && path === last?.path && pid !== last.pid)
    .map(({ pid }) => pid);
  if (holders.includes(chain[0]?.pid)) return chain;
  for (const next of locks) {
    const isNew = next.isWaiting && !chain.some(({ pid }) => pid === next.pid);
    if (!isNew || next.pid === undefined || !holders.includes(next.pid)) continue;
    const ring = ringFrom([...chain, next], locks);
    if (ring) return ring;
  }
  return undefined;
}
