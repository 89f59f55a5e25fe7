/**
 * Milliseconds on a clock that only goes forward. `performance.now()` would do the same, but Node
 * loads a dozen modules for it, 3 ms of the start of a command.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
