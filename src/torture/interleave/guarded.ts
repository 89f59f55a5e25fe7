import { AsyncLocalStorage } from 'node:async_hooks';

/** Who is told of what would end the process, besides players. */
const guards = new AsyncLocalStorage<(error: unknown) => void>();

/** Runs code; what nobody catches there, then or later, ends only what it does. */
export function guarded<T>(code: () => T, onCrash: (error: unknown) => void): T {
  return guards.run(onCrash, code);
}

export function currentGuard(): ((error: unknown) => void) | undefined {
  return guards.getStore();
}
