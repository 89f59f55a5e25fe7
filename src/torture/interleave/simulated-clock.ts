import { currentPlayer, EPOCH_MS, type Player } from './player.ts';
import { replace } from './replace.ts';
import { OBSERVER } from './step.ts';

/** Until `stack` is disposed, the clocks of players show simulated time. */
export function replaceClocks(stack: DisposableStack): void {
  replaceDate(stack);
  // The rig measures its own patience by these while it judges as the observer.
  const { now } = performance;
  const { hrtime } = process;
  const { bigint } = hrtime;
  replace(stack, performance, 'now', () => elapsedMs() ?? now.call(performance));
  const simulated = (since?: readonly [number, number]): [number, number] => {
    const ms = elapsedMs();
    if (ms === undefined) return hrtime(since && [...since]);
    const ns = Math.round(ms * 1e6) - (since ? since[0] * 1e9 + since[1] : 0);
    return [Math.floor(ns / 1e9), ns - Math.floor(ns / 1e9) * 1e9];
  };
  const simulatedBigint = () => {
    const ms = elapsedMs();
    return ms === undefined ? bigint() : BigInt(Math.round(ms * 1e6));
  };
  replace(stack, process, 'hrtime', Object.assign(simulated, { bigint: simulatedBigint }));
}

function replaceDate(stack: DisposableStack): void {
  const RealDate = Date;
  const { now } = RealDate;
  const epochMs = ({ client, scheduler }: Player) =>
    Math.floor(EPOCH_MS + scheduler.lookAtClock(client));
  const simulated: DateConstructor = new Proxy(RealDate, {
    construct(target, args, newTarget) {
      const player = args.length === 0 ? currentPlayer() : undefined;
      const given = player ? [epochMs(player)] : args;
      return Reflect.construct(target, given, newTarget === simulated ? target : newTarget);
    },
    apply: () => new simulated().toString(),
  });
  replace(stack, RealDate, 'now', () => {
    const player = currentPlayer();
    return player ? epochMs(player) : now();
  });
  replace(stack, RealDate.prototype, 'constructor', simulated);
  replace(stack, globalThis, 'Date', simulated);
}

function elapsedMs(): number | undefined {
  const player = currentPlayer();
  if (player === undefined || player.client === OBSERVER) return undefined;
  return player.scheduler.lookAtClock(player.client);
}
