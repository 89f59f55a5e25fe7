import type { Diagnosis, StallLimits } from './diagnosis.ts';
import {
  accountOf,
  inFlightAllAlong,
  isDenied,
  isIdle,
  LOOKS_MIN,
  type Look,
  lastMs,
  lookedMs,
  trailing,
  workersOf,
} from './look.ts';

/** Of the median of its peers: so little is no matter of luck, see `PEERS_RETURNED_MIN`. */
const STARVED_SHARE = 0.1;

/** Who should have 100 operations done has fewer than 10 by chance once in 10^30 times (Poisson). */
const PEERS_RETURNED_MIN = 100;

/**
 * Clients that had operations in flight all along and got a tenth of what their peers got, or that
 * sleep over one operation for `slowMs` while all others get on, whatever they do.
 */
export function starvation(looks: readonly Look[], limits: StallLimits): Diagnosis | undefined {
  const window = lastMs(looks, limits.stallMs);
  const last = window.at(-1);
  if (!last || window.length < LOOKS_MIN || lookedMs(window) < limits.stallMs) return undefined;
  const waiting = inFlightAllAlong(window);
  const clients = waiting.filter(
    (client) => isStarved(window, client) || isPassedOver(looks, client, limits),
  );
  if (clients.length === 0) return undefined;
  const got = clients.map((client) => returnedIn(window, client)).join(', ');
  const others = last.clients.keys().filter((client) => !clients.includes(client));
  const most = medianOf(others.map((client) => returnedIn(window, client)));
  const time = `${(lookedMs(window) / 1000).toFixed(1)} s`;
  const message = `${got} operations of client ${clients.join(', ')} returned in ${time}, of the others ${most} each (median)`;
  return { kind: 'starvation', message, clients, workers: workersOf(last, clients) };
}

/** Operations that have been in flight for too long while others return. */
export function slow(looks: readonly Look[], { slowMs }: StallLimits): Diagnosis | undefined {
  const last = looks.at(-1);
  const clients = [...(last?.clients.keys() ?? [])].filter((client) => {
    const since = lastMs(sameOperation(looks, client), slowMs);
    const account = accountOf(since, last?.clients[client]?.worker ?? -1);
    return account && account.lookedMs >= slowMs && !isDenied(account);
  });
  if (clients.length === 0) return undefined;
  const message = `others return, but the operation of client ${clients.join(', ')} has been in flight for more than ${slowMs} ms`;
  return { kind: 'slow', message, clients, workers: workersOf(last, clients) };
}

function isStarved(window: readonly Look[], client: number): boolean {
  const all = window.at(-1)?.clients ?? [];
  const { group, worker = -1 } = all[client] ?? {};
  // Operations of another kind may honestly take a thousand times as long.
  const peers = all.keys().filter((peer) => peer !== client && all[peer]?.group === group);
  const median = medianOf(peers.map((peer) => returnedIn(window, peer)));
  const account = accountOf(window, worker);
  return (
    median >= PEERS_RETURNED_MIN &&
    returnedIn(window, client) < STARVED_SHARE * median &&
    account !== undefined &&
    !isDenied(account)
  );
}

/** As a writer whom readers keep out: it does nothing itself for all that time. */
function isPassedOver(looks: readonly Look[], client: number, { slowMs }: StallLimits): boolean {
  const since = lastMs(sameOperation(looks, client), slowMs);
  const all = looks.at(-1)?.clients ?? [];
  const account = accountOf(since, all[client]?.worker ?? -1);
  const others = all.keys().filter((other) => other !== client);
  return (
    account !== undefined &&
    account.lookedMs >= slowMs &&
    isIdle(account) &&
    !isDenied(account) &&
    medianOf(others.map((other) => returnedIn(since, other))) >= PEERS_RETURNED_MIN
  );
}

/** The looks at the operation that a client is at; none when it is at none. */
function sameOperation(looks: readonly Look[], client: number): readonly Look[] {
  const isAt = ({ clients }: Look) => clients[client]?.isInFlight === true;
  const last = looks.at(-1);
  if (!last || !isAt(last)) return [];
  return trailing(
    looks,
    (look, next) =>
      isAt(look) && isAt(next) && look.clients[client]?.returned === next.clients[client]?.returned,
  );
}

function returnedIn(looks: readonly Look[], client: number): number {
  const end = looks.at(-1)?.clients[client]?.returned ?? 0;
  return end - (looks[0]?.clients[client]?.returned ?? 0);
}

/** 0 of none. */
function medianOf(values: Iterable<number>): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
