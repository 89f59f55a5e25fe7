import { wrongArgument } from '../../errors.ts';
import { DAMAGE_KINDS, type DamageKind } from './damage-family.ts';
import { assertInjection, type Injection } from './injection.ts';
import { DESCRIPTORS_MIN } from './limits.ts';

/** What is done to a store and its clients on purpose. Plain data, complete. */
export type Fault =
  | KillFault
  | PauseFault
  | BlockFault
  | CrashImagesFault
  | PowerLossFault
  | DamageFault
  | FailCallsFault
  | DiskFullFault
  | FileLimitFault
  | SyscallsFault;

export type FaultKind = Fault['kind'];

/** Ends a worker with SIGKILL in the midst of its work; its clients go on in a new one. */
export interface KillFault {
  readonly kind: 'kill';
  /** On average, from one to the next; so for all that recur. */
  readonly everyMs: number;
}

/** Stops a worker with SIGSTOP and lets it go on: as a laptop that sleeps, or a paged-out process. */
export interface PauseFault {
  readonly kind: 'pause';
  readonly everyMs: number;
  readonly forMs: number;
}

/** Keeps the event loop of a worker busy: timers are late, heartbeats are missed. */
export interface BlockFault {
  readonly kind: 'block';
  readonly everyMs: number;
  readonly forMs: number;
}

/** Opens copies of the directory as kill -9 of all workers at that moment would leave it. */
export interface CrashImagesFault {
  readonly kind: 'crash-images';
  readonly everyMs: number;
  /** Most images of one repetition. */
  readonly limit: number;
}

/** Loses what was not yet synced. Only in the simulated world, which knows what was. */
export interface PowerLossFault {
  readonly kind: 'power-loss';
  /** Most states of the disk that are opened after one power loss. */
  readonly limit: number;
}

/** Changes the files that are left at the end, one thing at a time, on copies. */
export interface DamageFault {
  readonly kind: 'damage';
  readonly kinds: readonly DamageKind[];
  /** Most damage; with more to choose from it is a sample. */
  readonly limit: number;
}

/** Lets the first, then the second, … call of the file system fail, until a run meets no failure. */
export interface FailCallsFault {
  readonly kind: 'fail-calls';
  readonly errors: readonly CallError[];
  /** Whether every later call fails as well. */
  readonly persistent: boolean;
}

export const CALL_ERRORS = ['ENOSPC', 'EIO', 'EMFILE', 'short-write'] as const;
export type CallError = (typeof CALL_ERRORS)[number];

/** Puts the store on a disk of that size. */
export interface DiskFullFault {
  readonly kind: 'disk-full';
  readonly bytes: number;
}

/** Allows each worker so many open descriptors. */
export interface FileLimitFault {
  readonly kind: 'file-limit';
  readonly descriptors: number;
}

/** Changes system calls by strace; relative `paths` are of the directory of the store. */
export interface SyscallsFault extends Injection {
  readonly kind: 'syscalls';
}

/** What a constructor leaves out has a default. */
type Options<F extends Fault> = {
  readonly [K in Exclude<keyof F, 'kind'>]?: F[K] | undefined;
};

const TIME_MS_MAX = 3_600_000;
const COUNT_MAX = 10_000_000;
const DISK_BYTES_MIN = 4096;
const DISK_BYTES_MAX = 2 ** 40;
const DESCRIPTORS_MAX = 2 ** 20;

/** By default every 200 ms. */
export function kill({ everyMs = 200 }: Options<KillFault> = {}): KillFault {
  return { kind: 'kill', everyMs: time('kill', 'every', everyMs) };
}

/** By default every second for 300 ms. */
export function pause(options: Options<PauseFault> = {}): PauseFault {
  return { kind: 'pause', ...spell('pause', options) };
}

/** By default every second for 300 ms. */
export function block(options: Options<BlockFault> = {}): BlockFault {
  return { kind: 'block', ...spell('block', options) };
}

/** By default every 50 ms and at most 40. */
export function crashImages(options: Options<CrashImagesFault> = {}): CrashImagesFault {
  const { everyMs = 50, limit = 40 } = options;
  return {
    kind: 'crash-images',
    everyMs: time('crash-images', 'every', everyMs),
    limit: integer('crash-images', 'limit', limit, 1, COUNT_MAX),
  };
}

/** By default at most 100 states. */
export function powerLoss({ limit = 100 }: Options<PowerLossFault> = {}): PowerLossFault {
  return { kind: 'power-loss', limit: integer('power-loss', 'limit', limit, 1, COUNT_MAX) };
}

/** By default of every kind, at most 2,000. */
export function damage(options: Options<DamageFault> = {}): DamageFault {
  const { kinds = DAMAGE_KINDS, limit = 2000 } = options;
  return {
    kind: 'damage',
    kinds: chosen('damage', 'kinds', kinds, DAMAGE_KINDS),
    limit: integer('damage', 'limit', limit, 1, COUNT_MAX),
  };
}

/** By default with every error, each once. */
export function failCalls(options: Options<FailCallsFault> = {}): FailCallsFault {
  const { errors = CALL_ERRORS, persistent = false } = options;
  return {
    kind: 'fail-calls',
    errors: chosen('fail-calls', 'errors', errors, CALL_ERRORS),
    persistent,
  };
}

export function diskFull({ bytes }: Omit<DiskFullFault, 'kind'>): DiskFullFault {
  return {
    kind: 'disk-full',
    bytes: integer('disk-full', 'bytes', bytes, DISK_BYTES_MIN, DISK_BYTES_MAX),
  };
}

export function fileLimit({ descriptors }: Omit<FileLimitFault, 'kind'>): FileLimitFault {
  const least = DESCRIPTORS_MIN;
  return {
    kind: 'file-limit',
    descriptors: integer('file-limit', 'descriptors', descriptors, least, DESCRIPTORS_MAX),
  };
}

export function syscalls({ calls, action, when, paths }: Injection): SyscallsFault {
  const injection = { calls, action, when, ...(paths?.length ? { paths } : {}) };
  assertInjection(injection);
  return { kind: 'syscalls', ...injection };
}

function spell(
  kind: FaultKind,
  { everyMs = 1000, forMs = 300 }: { everyMs?: number | undefined; forMs?: number | undefined },
): { everyMs: number; forMs: number } {
  return { everyMs: time(kind, 'every', everyMs), forMs: time(kind, 'for', forMs) };
}

function time(kind: FaultKind, option: string, ms: number): number {
  if (Number.isSafeInteger(ms) && ms >= 1 && ms <= TIME_MS_MAX) return ms;
  throw wrong(kind, `${option} must be whole milliseconds up to an hour, not ${ms}`);
}

function integer(kind: FaultKind, option: string, value: number, least: number, most: number) {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw wrong(kind, `${option} must be an integer from ${least} to ${most}, not ${value}`);
}

function chosen<T extends string>(
  kind: FaultKind,
  option: string,
  values: readonly T[],
  known: readonly T[],
): readonly T[] {
  const stranger = values.find((value) => !known.includes(value));
  if (stranger !== undefined) {
    throw wrong(kind, `${option}: there is no '${stranger}'; known are ${known.join(', ')}`);
  }
  if (values.length === 0) throw wrong(kind, `${option}: none is named`);
  return [...new Set(values)];
}

function wrong(kind: FaultKind, reason: string): Error {
  return wrongArgument('range', `fault ${kind}: ${reason}`);
}
