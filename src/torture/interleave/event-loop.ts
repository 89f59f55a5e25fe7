// Taken before a run may replace them.
const { setImmediate, setTimeout } = globalThis;
const { nextTick } = process;

/** Calls back when no promise is left that goes on by itself. */
export function whenDrained(callback: () => void): void {
  // What a tick asks for comes before its promises go on; what one of those asks for, after all.
  void resolved.then(() => nextTick(callback));
}

const resolved = Promise.resolve();

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
