import { AsyncLocalStorage } from 'node:async_hooks';
import { basename } from 'node:path';
import { type FsCall, type FsHook, memoryPromises } from '../world/fs-hook.ts';
import { instrumented } from '../world/instrumented.ts';
import type { MemoryFs } from '../world/memory-fs.ts';
import type { World } from '../world/world.ts';
import type { Scheduler } from './scheduler.ts';
import { pathInStore } from './simulated-root.ts';
import { OBSERVER } from './step.ts';

/** A simulated process: what its calls are made on, and who decides when. */
export interface Player {
  /** Number of the client; OBSERVER for whoever makes and judges the store. */
  readonly client: number;
  readonly scheduler: Scheduler;
  readonly fs: MemoryFs;
}

/** Whose code runs now, through every `await`. */
const players = new AsyncLocalStorage<Player | undefined>();

export function currentPlayer(): Player | undefined {
  return players.getStore();
}

/** Runs code as that of a player. */
export function playAs<T>(player: Player, code: () => T): T {
  return players.run(player, code);
}

/** Runs code as that of nobody. */
export function offStage<T>(code: () => T): T {
  return players.run(undefined, code);
}

/** Where simulated time begins: 2023-11-14T22:13:20Z. */
export const EPOCH_MS = 1_700_000_000_000;

/** Calls of `node:fs` go to the scheduler of whoever makes them. Synchronous ones happen at once. */
export const fsHook: FsHook = {
  async(call, steps) {
    const player = currentPlayer();
    if (player === undefined) throw new Error(`nobody plays ${call.name}`);
    return player.scheduler.call(player.client, labelOf(call), steps);
  },
  sync(call, perform) {
    const player = currentPlayer();
    if (player === undefined) return perform();
    const { client, scheduler } = player;
    if (client !== OBSERVER) scheduler.noteSync(call.name);
    const label = labelOf(call);
    scheduler.within.note(client, label);
    try {
      return perform();
    } catch (error) {
      scheduler.within.noteFailed(client, label);
      throw error;
    }
  },
};

function labelOf({ name, path }: FsCall): string {
  return path === undefined ? name : `${name} ${pathInStore(path)}`;
}

/** The world as a player sees it. */
export function worldOf(player: Player): World {
  const { client, scheduler, fs } = player;
  return {
    // No getter: V8 puts the functions of such a literal into its old space, and all that they hold.
    fs: memoryPromises(fs, fsHook),
    now: () => EPOCH_MS + scheduler.lookAtClock(client),
    sleep: (ms) => scheduler.sleep(client, ms),
    lock: ({ fd }) => {
      const isFree = () => {
        const file = fs.file(fd, 'flock');
        const holder = fs.disk.flocks.holder(file.ino);
        return holder === undefined || holder === file;
      };
      const name = basename(fs.pathOf(fd) ?? '');
      return scheduler.wait(client, `lock ${name}`, isFree, () => fs.tryLock(fd));
    },
    tryLock: ({ fd }) => fs.tryLock(fd),
    unlock: ({ fd }) => fs.unlock(fd),
    instrument: (handle) =>
      instrumented(handle, (name, perform) => scheduler.perform(client, name, perform)),
  };
}
