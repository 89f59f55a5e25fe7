import { syncBuiltinESMExports } from 'node:module';
import { mountMemoryFs } from '../world/fs-hook.ts';
import { turn } from './event-loop.ts';
import { currentGuard } from './guarded.ts';
import { currentPlayer, fsHook, offStage } from './player.ts';
import { replace } from './replace.ts';
import { callerOf } from './scheduler.ts';
import { replaceClocks } from './simulated-clock.ts';
import { replaceProcesses } from './simulated-processes.ts';
import { SIMULATED_ROOT } from './simulated-root.ts';
import { replaceTimers } from './simulated-timers.ts';
import { watchCrypto } from './watched-crypto.ts';

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
  return stack;
}

/** What would end the process of a player. */
const CRASHES: ReadonlySet<unknown> = new Set([
  ...['uncaughtExceptionMonitor', 'uncaughtException', 'unhandledRejection'],
]);

function replaceCrashes(stack: DisposableStack): void {
  const { emit } = process;
  replace(stack, process, 'emit', (...args: readonly unknown[]) => {
    const [event, error, promise] = args;
    if (!CRASHES.has(event)) return Reflect.apply(emit, process, args);
    const player = currentPlayer() ?? callerOf(promise);
    const guard = currentGuard();
    if (player === undefined && guard === undefined) return Reflect.apply(emit, process, args);
    // Who only monitors is asked before.
    if (event === 'uncaughtExceptionMonitor') return true;
    // Node goes on with what is due after a turn, for which it would now take a simulated one.
    if (event === 'uncaughtException') void offStage(turn);
    if (player) player.scheduler.crash(player.client, error);
    else guard?.(error);
    return true;
  });
}
