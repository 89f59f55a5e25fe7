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
  /** Shares of the looks: it ran or wanted to, it waited for a device. */
  readonly wanting: number;
  readonly atDisk: number;
}

/** Undefined where its use is not known at every look. */
export function accountOf(looks: readonly Look[], worker: number): Account | undefined {
  const uses = looks.map(({ workers }) => workers[worker]);
  const known = uses.filter((use) => use?.state !== undefined);
  if (known.length === 0 || known.length < looks.length) return undefined;
  const share = (state: Use['state']) =>
    known.filter((use) => use?.state === state).length / looks.length;
  const usedMs = known.reduce((sum, use, index) => {
    const before = known[index - 1] ?? use;
    // Less than before: a process that worked for it has ended and is no longer counted.
    return sum + Math.max(0, (use?.cpuMs ?? 0) - (before?.cpuMs ?? 0));
  }, 0);
  return { lookedMs: lookedMs(looks), usedMs, wanting: share('running'), atDisk: share('disk') };
}

/** Asking for a lock again every millisecond takes a tenth of a processor, work takes more. */
const IDLE_SHARE = 0.2;

/**
 * Who wants to run and is not let is awake at every look. Who sleeps and now and then asks for
 * something is not, though on a machine with long queues he is seen in them at most looks.
 */
const AWAKE_SHARE = 0.75;

/** More is a slow device. */
const DISK_SHARE = 0.25;

/** Whether it waited, and neither for the machine nor for a device. */
export function isIdle(account: Account | undefined): boolean {
  if (!account) return false;
  return account.usedMs <= IDLE_SHARE * account.lookedMs && !isAwake(account);
}

/** Whether it ran, wanted to, or waited for a device: it may yet get somewhere. */
export function isAwake({ wanting, atDisk }: Account): boolean {
  return wanting > AWAKE_SHARE || atDisk > DISK_SHARE;
}

/** Whether it hardly slept and got less than half of its time: it is the machine that is slow. */
export function isHeldUp({ usedMs, wanting, atDisk, ...account }: Account): boolean {
  return wanting + atDisk > AWAKE_SHARE && usedMs < account.lookedMs / 2;
}

/** Whether it computed for a time, of the processor's and not of the clock's, and hardly slept. */
export function isBurning(account: Account | undefined, ms: number): boolean {
  if (!account) return false;
  const { usedMs, wanting } = account;
  return usedMs >= ms && (wanting > AWAKE_SHARE || usedMs >= account.lookedMs / 2);
}

/** Whether it wanted to run half of the time or more, and got less than half of what it wanted. */
export function isDenied({ usedMs, wanting, ...account }: Account): boolean {
  return wanting >= 0.5 && usedMs < 0.5 * wanting * account.lookedMs;
}
