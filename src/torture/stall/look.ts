import type { Use } from './cpu.ts';

/** What can be seen of a run at one moment, from outside. */
export interface Look {
  /** Of a clock that only goes forward. */
  readonly atMs: number;
  readonly clients: readonly ClientLook[];
  /** By number; undefined where there is no telling, or no worker any more. */
  readonly workers: readonly (Use | undefined)[];
}

export interface ClientLook {
  /** Clients of one group do the same operations. */
  readonly group: string;
  readonly worker: number;
  /** Operations that have returned so far. */
  readonly returned: number;
  readonly isInFlight: boolean;
}

/** Fewer looks say nothing of the time between them. */
export const LOOKS_MIN = 4;

/** Between two looks that is more: the rig itself was stopped, or the machine slept. */
const GAP_MS_MAX = 500;

/** How long was looked at. */
export function lookedMs(looks: readonly Look[]): number {
  return looks.reduce((sum, { atMs }, index) => {
    const gap = atMs - (looks[index - 1]?.atMs ?? atMs);
    return sum + Math.min(Math.max(0, gap), GAP_MS_MAX);
  }, 0);
}

/** The longest end of the series in which something holds of each look and the next. */
export function trailing(
  looks: readonly Look[],
  holds: (look: Look, next: Look) => boolean,
): readonly Look[] {
  const lastBreak = looks.findLastIndex((look, index) => {
    const next = looks[index + 1];
    return next !== undefined && !holds(look, next);
  });
  return looks.slice(lastBreak + 1);
}

/** The shortest end of the series that makes up a time, or all of it. */
export function lastMs(looks: readonly Look[], ms: number): readonly Look[] {
  let from = looks.length - 1;
  let summed = 0;
  for (; from > 0 && summed < ms; from -= 1) summed += lookedMs(looks.slice(from - 1, from + 1));
  return looks.slice(Math.max(0, from));
}

export function returnedOf({ clients }: Look): number {
  return clients.reduce((sum, { returned }) => sum + returned, 0);
}

/** Clients that had an operation in flight at every look. */
export function inFlightAllAlong(looks: readonly Look[]): number[] {
  const clients = looks.at(-1)?.clients ?? [];
  return [...clients.keys()].filter((client) =>
    looks.every(({ clients: all }) => all[client]?.isInFlight),
  );
}

/** The workers of some clients, each once. */
export function workersOf(look: Look | undefined, clients: readonly number[]): number[] {
  const workers = clients.map((client) => look?.clients[client]?.worker);
  return [...new Set(workers)].filter((worker) => worker !== undefined).sort((a, b) => a - b);
}

/** What a worker did with its time. */
export interface Account {
  readonly lookedMs: number;
  readonly usedMs: number;
  /** It wanted to run and was not let. */
  readonly waitedMs: number;
  /** Share of the looks at which it waited for a device. */
  readonly atDisk: number;
  /** All of the time but that for which it waited for the machine or for a device. */
  readonly ownMs: number;
}

/** Undefined where its use is not known at every look. */
export function accountOf(looks: readonly Look[], worker: number): Account | undefined {
  const uses = looks.map(({ workers }) => workers[worker]);
  const known = uses.filter((use) => use?.state !== undefined);
  if (known.length === 0 || known.length < looks.length) return undefined;
  const looked = lookedMs(looks);
  const share = (state: Use['state']) =>
    known.filter((use) => use?.state === state).length / looks.length;
  const usedMs = growth(known.map((use) => use?.cpuMs));
  // The kernel counts a wait when it is over; until then it shows in the state.
  const seenMs = share('running') * looked - usedMs;
  const waitedMs = Math.max(0, seenMs, growth(known.map((use) => use?.waitedMs)));
  const atDisk = share('disk');
  const ownMs = Math.max(usedMs, looked - waitedMs - atDisk * looked);
  return { lookedMs: looked, usedMs, waitedMs, atDisk, ownMs };
}

/** How much was added. Less than before: a process that worked for it has ended and no longer counts. */
function growth(counts: readonly (number | undefined)[]): number {
  return counts.reduce<number>((sum, count = 0, index) => {
    return sum + Math.max(0, count - (counts[index - 1] ?? count));
  }, 0);
}

/** How long each worker had to go on; that of the one that the machine gave least. */
export function ownMsOf(looks: readonly Look[]): number {
  const workers = looks.at(-1)?.workers.keys() ?? [];
  const times = workers.map(
    (worker) => accountOf(looks, worker)?.ownMs ?? Number.POSITIVE_INFINITY,
  );
  return Math.min(lookedMs(looks), ...times);
}

/** Asking for a lock again every millisecond takes a tenth of a processor, work takes more. */
const IDLE_SHARE = 0.2;

/** More is a slow device. */
const DISK_SHARE = 0.25;

/** Whether it slept by its own will, but for asking for something now and then. */
export function isIdle(account: Account | undefined): boolean {
  if (!account) return false;
  const { usedMs, ownMs, atDisk } = account;
  return usedMs < IDLE_SHARE * ownMs && atDisk <= DISK_SHARE;
}

/** Whether it computed for a time, of the processor's and not of the clock's, and hardly slept. */
export function isBurning(account: Account | undefined, ms: number): boolean {
  if (!account) return false;
  const { usedMs, ownMs } = account;
  return usedMs >= ms && usedMs >= ownMs / 2;
}

/** Whether it wanted to run half of the time or more, and got less than half of what it wanted. */
export function isDenied({ usedMs, waitedMs, ...account }: Account): boolean {
  const wantedMs = usedMs + waitedMs;
  return wantedMs >= account.lookedMs / 2 && usedMs < wantedMs / 2;
}
