import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** A full collection, at once. What falls to it, and closes what it held, has done so on return. */
export function collectGarbage(): void {
  collect ??= exposedCollector();
  collect();
}

/** Heap and what hangs on it, in bytes, when the garbage that finalizers leave is gone too. */
export async function liveBytes(): Promise<number> {
  await turn();
  collectGarbage();
  await turn();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Makes the heap of an honest loop stand still to the byte from its first rounds on. Otherwise
 * optimized code and type feedback, which V8 adds when a function has run often enough, grow it by
 * kilobytes a round for a hundred rounds. Slows this process down for good.
 */
export function stopCompiling(): void {
  const tiers = ['--no-opt', '--no-maglev', '--no-sparkplug'];
  for (const flag of [...tiers, '--no-lazy-feedback-allocation']) setFlagsFromString(flag);
}

/** No flag on the command line is needed: contexts made after the flag is set have the function. */
function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof found !== 'function') throw new Error('V8 does not give its collector away');
  return () => {
    found();
  };
}
