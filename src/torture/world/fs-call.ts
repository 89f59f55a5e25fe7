/** A call of `node:fs` as the rig sees it. */
export interface FsCall {
  /** Of the promise API and without `Sync`; methods of handles by their function: `fsync`, `read`. */
  readonly name: string;
  /** Absolute; of a descriptor or a handle, the one that it was opened by. */
  readonly path: string | undefined;
  /** The second path of those that take two. */
  readonly dest?: string | undefined;
  readonly style: 'async' | 'sync';
}

/** What a call does, in steps: where `next` returns without being done, others may act. */
export type Steps = Iterator<void, unknown, void>;

/** Decides when the calls of a process happen. */
export interface FsHook {
  /**
   * Runs an asynchronous call to its end: decides when each step happens and when its result is
   * told. What a step throws is the call's error.
   */
  async(call: FsCall, steps: Steps): Promise<unknown>;
  /** A call that holds its process up, and with it this thread: it cannot be parted. */
  sync(call: FsCall, perform: () => unknown): unknown;
}

/** Does every call at once and whole. */
export const atOnce: FsHook = {
  async: async (_call, steps) => runToEnd(steps),
  sync: (_call, perform) => perform(),
};

export function runToEnd(steps: Steps): unknown {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
