import { readProc } from './proc.ts';

/** `disk` waits for a device and cannot be woken; `running` may also mean: would run if it were let. */
export type RunState = 'running' | 'sleeping' | 'disk' | 'stopped' | 'dead';

/** What the kernel says of a process or of one of its threads. */
export interface ProcessStat {
  readonly id: number;
  readonly parent: number;
  readonly command: string;
  readonly state: RunState;
  /** User and system time. Of a process: of all its threads, also those that are gone. */
  readonly cpuMs: number;
  /** Of the children of its process that have ended and that it has waited for. */
  readonly endedChildrenMs: number;
}

// USER_HZ, in which /proc counts time on every architecture that Node runs on, whatever the kernel's own.
const TICKS_PER_SECOND = 100;

// Fields are counted from 1, and the command is the second (proc_pid_stat(5)).
const STATE = 3;
const PARENT = 4;
const USER_TIME = 14;
const SYSTEM_TIME = 15;
const CHILDREN_USER_TIME = 16;
const CHILDREN_SYSTEM_TIME = 17;

/** `7 (a) b) R 1 …`: the command may hold spaces and parentheses, so it ends at the last one. */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const rest = text
    .slice(close + 1)
    .trim()
    .split(/\s+/);
  const field = (number: number) => rest[number - STATE] ?? '?';
  const id = Number(text.slice(0, open));
  const parent = Number(field(PARENT));
  const msOf = (user: number, system: number) =>
    ((Number(field(user)) + Number(field(system))) * 1000) / TICKS_PER_SECOND;
  const cpuMs = msOf(USER_TIME, SYSTEM_TIME);
  const endedChildrenMs = msOf(CHILDREN_USER_TIME, CHILDREN_SYSTEM_TIME);
  const state = STATES[field(STATE)];
  const isWhole = Number.isSafeInteger(id + parent) && Number.isFinite(cpuMs + endedChildrenMs);
  if (!state || !isWhole) return undefined;
  return { id, parent, command: text.slice(open + 1, close), state, cpuMs, endedChildrenMs };
}

const STATES: Readonly<Record<string, RunState>> = {
  R: 'running',
  S: 'sleeping',
  I: 'sleeping',
  D: 'disk',
  K: 'disk',
  W: 'disk',
  P: 'disk',
  T: 'stopped',
  t: 'stopped',
  Z: 'dead',
  X: 'dead',
  x: 'dead',
};

/** How long a thread has waited for a processor, by its path; undefined where nobody counts that. */
export function waitedMsOf(path: string): number | undefined {
  const [, waitedNs] = readProc(`${path}/schedstat`)?.split(' ') ?? [];
  return waitedNs === undefined ? undefined : Number(waitedNs) / 1e6;
}

/** Of a path below `/proc`: `7`, `self`, `7/task/8`. */
export function statOf(path: string): ProcessStat | undefined {
  const text = readProc(`${path}/stat`);
  return text === undefined ? undefined : parseStat(text);
}
