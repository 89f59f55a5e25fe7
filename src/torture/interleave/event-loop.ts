// Taken before a run may replace them.
const { setImmediate, setTimeout } = globalThis;
const { nextTick } = process;

/** When no promise is left that goes on by itself. */
export function drained(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve));
}

/** When everybody else in this thread had a turn: timers, signals, rejections that nobody caught. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A real millisecond, for what nobody controls. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
