import { HoldfastError } from '../errors.ts';
import { monotonicMs } from './clock.ts';
import { pause } from './lock.ts';
import { isBusy } from './sqlite-error.ts';

/**
 * Runs `attempt` until SQLite lets it: recovery and the last close of another process can keep even
 * a reader out for a moment.
 * @throws LOCK_TIMEOUT
 */
export async function retryBusy<T>(
  deadline: number,
  attempt: () => T,
  signal?: AbortSignal,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    signal?.throwIfAborted();
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (monotonicMs() > deadline) {
        throw new HoldfastError('LOCK_TIMEOUT', 'database stayed locked by another program', {
          cause: error,
        });
      }
    }
    await pause(Math.min(20, 2 ** tries), signal);
  }
}
