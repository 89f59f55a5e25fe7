import nodeTimers from 'node:timers';
import nodeTimersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { currentPlayer, type Player, playAs } from './player.ts';
import { replace } from './replace.ts';

type Callback = (...args: readonly unknown[]) => void;

interface Signalled {
  readonly signal?: AbortSignal | undefined;
}

/** Timers of players go by simulated time, wherever they take them from, until `stack` is disposed. */
export function replaceTimers(stack: DisposableStack): void {
  const real = { ...nodeTimers };
  const realPromises = { ...nodeTimersPromises };
  const { scheduler } = nodeTimersPromises;
  const simulatedPromises = {
    setTimeout: (ms?: number, value?: unknown, options?: Signalled) =>
      slept(timeoutText, timeoutMs(ms), value, options) ??
      realPromises.setTimeout(ms, value, options as object),
    setImmediate: (value?: unknown, options?: Signalled) =>
      slept(() => 'immediate', 0, value, options) ??
      realPromises.setImmediate(value, options as object),
    setInterval: (ms?: number, value?: unknown, options?: Signalled) =>
      currentPlayer()
        ? intervals(ms, value, options)
        : realPromises.setInterval(ms, value, options as object),
  };
  const simulated = {
    setTimeout: (fire: Callback, ms?: number, ...args: readonly unknown[]) =>
      started(timeoutText, timeoutMs(ms), { repeats: false }, () => fire(...args)) ??
      real.setTimeout(fire, ms, ...args),
    setInterval: (fire: Callback, ms?: number, ...args: readonly unknown[]) =>
      started(intervalText, timeoutMs(ms), { repeats: true }, () => fire(...args)) ??
      real.setInterval(fire, ms, ...args),
    setImmediate: (fire: Callback, ...args: readonly unknown[]) =>
      started(
        () => 'immediate',
        0,
        { repeats: false },
        () => fire(...args),
      ) ?? real.setImmediate(fire, ...args),
    clearTimeout: (timer: unknown) => cancelled(timer) || real.clearTimeout(timer as never),
    clearInterval: (timer: unknown) => cancelled(timer) || real.clearInterval(timer as never),
    clearImmediate: (timer: unknown) => cancelled(timer) || real.clearImmediate(timer as never),
  };
  Object.assign(simulated.setTimeout, { [promisify.custom]: simulatedPromises.setTimeout });
  Object.assign(simulated.setImmediate, { [promisify.custom]: simulatedPromises.setImmediate });
  for (const [name, value] of Object.entries(simulated)) {
    replace(stack, globalThis, name, value);
    replace(stack, nodeTimers, name, value);
  }
  for (const [name, value] of Object.entries(simulatedPromises)) {
    replace(stack, nodeTimersPromises, name, value);
  }
  const { wait, yield: giveWay } = scheduler;
  replace(
    stack,
    scheduler,
    'wait',
    (ms?: number, options?: Signalled) =>
      slept(timeoutText, timeoutMs(ms), undefined, options) ??
      wait.call(scheduler, ms as number, options as object),
  );
  replace(
    stack,
    scheduler,
    'yield',
    () => slept(() => 'immediate', 0, undefined, undefined) ?? giveWay.call(scheduler),
  );
  const { timeout } = AbortSignal;
  replace(
    stack,
    AbortSignal,
    'timeout',
    (ms: number) => aborted(ms) ?? timeout.call(AbortSignal, ms),
  );
}

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
    this.#ms = ms;
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
      try {
        playAs(this.#player, this.#fire);
      } catch (error) {
        // Nobody who could catch it is on the stack: Node would end the process.
        scheduler.crash(client, error);
      }
    });
  }
}

const timeoutText = (ms: number) => `timeout ${ms} ms`;
const intervalText = (ms: number) => `interval ${ms} ms`;

/** Node takes what is no number of milliseconds that fits 31 bits for one. */
function timeoutMs(ms: unknown): number {
  const number = Number(ms);
  return number >= 1 && number < 2 ** 31 ? Math.trunc(number) : 1;
}

function started(
  label: (ms: number) => string,
  ms: number,
  { repeats }: { readonly repeats: boolean },
  fire: () => void,
): SimulatedTimer | undefined {
  const player = currentPlayer();
  return player && new SimulatedTimer(player, label(ms), ms, repeats, fire);
}

function cancelled(timer: unknown): boolean {
  if (!(timer instanceof SimulatedTimer)) return false;
  timer.cancel();
  return true;
}

function slept(
  label: (ms: number) => string,
  ms: number,
  value: unknown,
  options: Signalled | undefined,
): Promise<unknown> | undefined {
  const player = currentPlayer();
  if (player === undefined) return undefined;
  const signal = options?.signal;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    const timer = new SimulatedTimer(player, label(ms), ms, false, () => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    });
    const abort = () => {
      timer.cancel();
      reject(abortError(signal));
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}

async function* intervals(
  ms: number | undefined,
  value: unknown,
  options: Signalled | undefined,
): AsyncGenerator<unknown, void> {
  for (;;) {
    await slept(intervalText, timeoutMs(ms), undefined, options);
    yield value;
  }
}

/** What Node's own timers reject with. */
function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

/** For `AbortSignal.timeout`. */
function aborted(ms: number): AbortSignal | undefined {
  const player = currentPlayer();
  if (player === undefined) return undefined;
  const controller = new AbortController();
  const reason = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  const fire = () => controller.abort(reason());
  new SimulatedTimer(player, timeoutText(ms), ms, false, fire);
  return controller.signal;
}
