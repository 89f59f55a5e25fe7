import { createHook } from 'node:async_hooks';

/** How many key derivations `run` has begun, of whatever library: each is a request of Node's own. */
export async function derivationsOf(run: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'ARGON2REQUEST') count += 1;
    },
  });
  hook.enable();
  try {
    await run();
    return count;
  } finally {
    hook.disable();
  }
}
