import { currentPlayer } from './player.ts';
import { OBSERVER } from './step.ts';

/** Above what Linux gives to a process (2^22): no real one is meant by mistake. */
const FIRST_PID = 5_000_000;

/** The number of the simulated process that a client is. */
export function pidOf(client: number): number {
  return FIRST_PID + 1 + client - OBSERVER;
}

/**
 * Until `stack` is disposed, each player has a process number of its own, as stores put it into the
 * names of temporary files and locks, and may ask whether another one is alive. A module that has
 * copied the number when it was loaded has the real one.
 */
export function replaceProcesses(stack: DisposableStack): void {
  const { pid } = process;
  const before = Object.getOwnPropertyDescriptor(process, 'pid') as PropertyDescriptor;
  const get = () => {
    const player = currentPlayer();
    return player === undefined ? pid : pidOf(player.client);
  };
  Object.defineProperty(process, 'pid', { get, enumerable: true, configurable: true });
  stack.defer(() => Object.defineProperty(process, 'pid', before));

  const { kill } = process;
  const simulated = (target: number, signal: string | number = 'SIGTERM'): true => {
    const player = currentPlayer();
    if (player === undefined || target <= FIRST_PID) return kill.call(process, target, signal);
    const client = target - FIRST_PID - 1 + OBSERVER;
    const code = player.scheduler.isAlive(client) ? 'EPERM' : 'ESRCH';
    // Signals are not simulated, but for the one that only asks.
    if (signal === 0 && code === 'EPERM') return true;
    throw Object.assign(new Error(`kill ${code}`), { code, syscall: 'kill' });
  };
  process.kill = simulated;
  stack.defer(() => {
    process.kill = kill;
  });
}
