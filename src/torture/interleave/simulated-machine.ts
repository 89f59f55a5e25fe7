import { syncBuiltinESMExports } from 'node:module';
import nodeTimers from 'node:timers';
import nodeTimersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { mountMemoryFs } from '../world/fs-hook.ts';
import { currentPlayer, EPOCH_MS, fsHook, type Player, playAs } from './player.ts';

/** Where the files of simulated stores seem to be. */
export const SIMULATED_ROOT = '/holdfast-simulation';

/**
 * Until it is disposed, code of a player finds simulated files below `SIMULATED_ROOT`, and timers and
 * `Date.now` that go by simulated time, wherever it takes them from. Everybody else's are the real
 * ones.
 */
export function simulatedMachine(): Disposable {
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
  replaceTimers(stack);
  const { now } = Date;
  Date.now = () => {
    const player = currentPlayer();
    return player ? Math.floor(EPOCH_MS + player.scheduler.nowMs) : now();
  };
  stack.defer(() => {
    Date.now = now;
  });
  return stack;
}

type Callback = (...args: readonly unknown[]) => void;

/** As much of a Timeout as code makes use of. */
class SimulatedTimer {
  readonly #player: Player;
  readonly #ms: number;
  readonly #repeats: boolean;
  readonly #fire: () => void;
  readonly #label: string;
  #id: number;

  constructor(player: Player, label: string, ms: number, repeats: boolean, fire: () => void) {
    this.#player = player;
    this.#label = label;
    this.#ms = Math.max(1, Number(ms) || 1);
    this.#repeats = repeats;
    this.#fire = fire;
    this.#id = this.#start();
  }

  cancel(): void {
    this.#player.scheduler.clear(this.#id);
    this.#id = -1;
  }

  refresh(): this {
    this.cancel();
    this.#id = this.#start();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  #start(): number {
    const { client, scheduler } = this.#player;
    return scheduler.timer(client, this.#label, this.#ms, () => {
      if (this.#repeats) this.#id = this.#start();
      playAs(this.#player, this.#fire);
    });
  }
}

function replaceTimers(stack: DisposableStack): void {
  const real = { ...nodeTimers };
  const realPromises = { ...nodeTimersPromises };
  const simulated = {
    setTimeout: (fire: Callback, ms = 1, ...args: readonly unknown[]) =>
      started(`timeout ${ms} ms`, ms, false, () => fire(...args)) ??
      real.setTimeout(fire, ms, ...args),
    setInterval: (fire: Callback, ms = 1, ...args: readonly unknown[]) =>
      started(`interval ${ms} ms`, ms, true, () => fire(...args)) ??
      real.setInterval(fire, ms, ...args),
    setImmediate: (fire: Callback, ...args: readonly unknown[]) =>
      started('immediate', 0, false, () => fire(...args)) ?? real.setImmediate(fire, ...args),
    clearTimeout: (timer: unknown) => cancelled(timer) || real.clearTimeout(timer as never),
    clearInterval: (timer: unknown) => cancelled(timer) || real.clearInterval(timer as never),
    clearImmediate: (timer: unknown) => cancelled(timer) || real.clearImmediate(timer as never),
  };
  const simulatedPromises = {
    setTimeout: (ms = 1, value?: unknown, options?: { signal?: AbortSignal }) =>
      slept(`sleep ${ms} ms`, ms, value, options?.signal) ??
      realPromises.setTimeout(ms, value, options),
    setImmediate: (value?: unknown, options?: { signal?: AbortSignal }) =>
      slept('immediate', 0, value, options?.signal) ?? realPromises.setImmediate(value, options),
  };
  Object.assign(simulated.setTimeout, { [promisify.custom]: simulatedPromises.setTimeout });
  Object.assign(simulated.setImmediate, { [promisify.custom]: simulatedPromises.setImmediate });
  Object.assign(globalThis, simulated);
  Object.assign(nodeTimers, simulated);
  Object.assign(nodeTimersPromises, simulatedPromises);
  syncBuiltinESMExports();
  stack.defer(() => {
    const { setTimeout, setInterval, setImmediate } = real;
    const { clearTimeout, clearInterval, clearImmediate } = real;
    const all = {
      setTimeout,
      setInterval,
      setImmediate,
      clearTimeout,
      clearInterval,
      clearImmediate,
    };
    Object.assign(globalThis, all);
    Object.assign(nodeTimers, all);
    Object.assign(nodeTimersPromises, {
      setTimeout: realPromises.setTimeout,
      setImmediate: realPromises.setImmediate,
    });
    syncBuiltinESMExports();
  });
}

function started(
  label: string,
  ms: number,
  repeats: boolean,
  fire: () => void,
): SimulatedTimer | undefined {
  const player = currentPlayer();
  return player && new SimulatedTimer(player, label, ms, repeats, fire);
}

function cancelled(timer: unknown): boolean {
  if (!(timer instanceof SimulatedTimer)) return false;
  timer.cancel();
  return true;
}

function slept(
  label: string,
  ms: number,
  value: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> | undefined {
  const player = currentPlayer();
  if (player === undefined) return undefined;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = new SimulatedTimer(player, label, ms, false, () => resolve(value));
    const abort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}
