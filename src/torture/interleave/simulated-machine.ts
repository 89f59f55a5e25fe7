import { syncBuiltinESMExports } from 'node:module';
import { mountMemoryFs } from '../world/fs-hook.ts';
import { watchForeignWork } from './foreign-work.ts';
import { currentPlayer, fsHook } from './player.ts';
import { replace } from './replace.ts';
import { replaceClocks } from './simulated-clock.ts';
import { replaceProcesses } from './simulated-processes.ts';
import { replaceTimers } from './simulated-timers.ts';
import { watchCrypto } from './watched-crypto.ts';

/** Where the files of simulated stores seem to be. */
export const SIMULATED_ROOT = '/holdfast-simulation';

/** One for all who need it: who plays is told by the code that runs. */
let machine: Disposable | undefined;
let users = 0;

/**
 * Until it is disposed, code of a player finds simulated files below `SIMULATED_ROOT`, timers and
 * clocks that go by simulated time, wherever it takes them from, and what nobody catches there ends
 * that player instead of this process. Everybody else's are the real ones.
 */
export function simulatedMachine(): Disposable {
  machine ??= switchOn();
  users += 1;
  const stack = new DisposableStack();
  stack.defer(() => {
    users -= 1;
    if (users > 0) return;
    machine?.[Symbol.dispose]();
    machine = undefined;
  });
  return stack;
}

function switchOn(): Disposable {
  const stack = new DisposableStack();
  stack.use(
    mountMemoryFs({
      prefix: SIMULATED_ROOT,
      fsOf: () => {
        const player = currentPlayer();
        if (player === undefined) throw new Error('a simulated file, but nobody plays');
        return player.fs;
      },
      hook: fsHook,
    }),
  );
  // Last, for the modules that were imported from them.
  stack.defer(syncBuiltinESMExports);
  replaceTimers(stack);
  replaceClocks(stack);
  replaceCrashes(stack);
  replaceProcesses(stack);
  watchCrypto(stack);
  syncBuiltinESMExports();
  stack.use(watchForeignWork());
  return stack;
}

/** What would end the process of a player. */
const CRASHES: ReadonlySet<unknown> = new Set([
  ...['uncaughtExceptionMonitor', 'uncaughtException', 'unhandledRejection'],
]);

function replaceCrashes(stack: DisposableStack): void {
  const { emit } = process;
  replace(stack, process, 'emit', function (this: unknown, ...args: [unknown, unknown]) {
    const player = CRASHES.has(args[0]) ? currentPlayer() : undefined;
    if (player === undefined) return Reflect.apply(emit, process, args);
    player.scheduler.crash(player.client, args[1]);
    return true;
  });
}
