import { AsyncLocalStorage } from 'node:async_hooks';
import { constants } from 'node:os';
import { currentGuard } from './guarded.ts';
import { currentPlayer } from './player.ts';
import { replace } from './replace.ts';
import { OBSERVER } from './step.ts';

/** Above what Linux gives to a process (2^22): no real one is meant by mistake. */
const FIRST_PID = 5_000_000;

/** The number of the simulated process that a client is. */
export function pidOf(client: number): number {
  return FIRST_PID + 1 + client - OBSERVER;
}

/** What ends the code of a client that has ended its process. */
export class ProcessEnd extends Error {
  override readonly name = 'ProcessEnd';
}

const loaders = new AsyncLocalStorage<number>();

/** Loads modules that are those of a client: they may keep what number its process has. */
export function loadAs<T>(client: number, load: () => T): T {
  return loaders.run(client, load);
}

/**
 * Until `stack` is disposed, each player has a process number of its own, as stores put it into the
 * names of temporary files and locks, may ask whether another one is alive, and ends only itself.
 */
export function replaceProcesses(stack: DisposableStack): void {
  const { pid } = process;
  const before = Object.getOwnPropertyDescriptor(process, 'pid') as PropertyDescriptor;
  const get = () => {
    const client = currentPlayer()?.client ?? loaders.getStore();
    return client === undefined ? pid : pidOf(client);
  };
  Object.defineProperty(process, 'pid', { get, enumerable: true, configurable: true });
  stack.defer(() => Object.defineProperty(process, 'pid', before));
  replaceKill(stack, pid);
  for (const name of ['exit', 'reallyExit', 'abort'] as const) {
    const original = Reflect.get(process, name);
    replace(stack, process, name, (...args: readonly unknown[]) => {
      endPlayer(`process.${name}(${args.join(', ')})`);
      return Reflect.apply(original, process, args);
    });
  }
}

/** Signals by which a process ends itself, as they can be named. */
const DEADLY: ReadonlySet<string | number> = new Set(
  (['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT'] as const).flatMap((name) => [
    name,
    constants.signals[name],
  ]),
);

function replaceKill(stack: DisposableStack, realPid: number): void {
  const { kill } = process;
  replace(stack, process, 'kill', (target: number, signal: string | number = 'SIGTERM'): true => {
    const player = currentPlayer();
    const callText = `process.kill(process.pid, ${signal})`;
    if (player === undefined) {
      if (target === realPid && DEADLY.has(signal)) endPlayer(callText);
      return kill.call(process, target, signal);
    }
    // Its group is itself: who else is in that of this process is none of its business.
    const isItself = [0, realPid, pidOf(player.client)].includes(target);
    if (isItself && DEADLY.has(signal)) endPlayer(callText);
    if (target <= FIRST_PID && !isItself) return kill.call(process, target, signal);
    const client = isItself ? player.client : target - FIRST_PID - 1 + OBSERVER;
    const code = player.scheduler.isAlive(client) ? 'EPERM' : 'ESRCH';
    // Other signals are not simulated, but for the one that only asks.
    if (signal === 0 && code === 'EPERM') return true;
    throw Object.assign(new Error(`kill ${code}`), { code, syscall: 'kill' });
  });
}

/**
 * The process of a player is gone, and nothing that it calls happens any more.
 * @throws ProcessEnd where somebody plays: nothing else keeps code from going on
 */
function endPlayer(call: string): void {
  const player = currentPlayer();
  const guard = currentGuard();
  if (player === undefined && guard === undefined) return;
  const end = new ProcessEnd(`it called ${call}`);
  if (player) {
    const { client, scheduler } = player;
    scheduler.crash(client, end);
    scheduler.within.noteFailed(client, call);
  } else guard?.(end);
  throw end;
}
