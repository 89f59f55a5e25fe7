import type { Worker as Thread } from 'node:worker_threads';
import { linkOfProc, listProc, readProc } from './proc.ts';
import { type ProcessStat, type RunState, statOf, waitedMsOf } from './process-stat.ts';
import { within } from './within.ts';

/** What a worker has used of the processor, and whether it wants more. */
export interface Use {
  /** Counted in steps of 10 ms where `/proc` says it. */
  readonly cpuMs: number;
  /** Undefined where the system does not tell. */
  readonly state: RunState | undefined;
  /** How long it has waited for a processor, all its threads together; where the kernel counts that. */
  readonly waitedMs?: number | undefined;
}

/**
 * Use of a process, all its threads and descendants together: it counts as sleeping only when all
 * of them sleep. A thread of libuv's pool that waits for a device makes it `disk`, a command that
 * computes for it `running`. Linux only, else undefined.
 */
export function processUse(pid: number): Use | undefined {
  const whole = statOf(`${pid}`);
  if (!whole || whole.state === 'dead') return undefined;
  const threads = threadsOf(pid);
  const paths = threads.map(({ id }) => `${pid}/task/${id}`);
  const { cpuMs, states, waitedMs } = useOfChildren(paths);
  return {
    cpuMs: whole.cpuMs + whole.endedChildrenMs + cpuMs,
    state: together([whole.state, ...threads.map(({ state }) => state), ...states]),
    waitedMs: sumOf([...paths.map(waitedMsOf), waitedMs]),
  };
}

/**
 * Use of one thread of this process, by what `ownThreadId` told it, and of the processes that it has
 * started; what those that have ended have used is not in it. The threads of libuv's pool work for
 * any: while one of them is busy, or waits to be, the thread counts as busy or waiting. Linux only,
 * else undefined.
 */
export function threadUse(threadId: number): Use | undefined {
  const path = `self/task/${threadId}`;
  const stat = statOf(path);
  if (!stat) return undefined;
  const { cpuMs, states, waitedMs } = useOfChildren([path]);
  const pool = threadsOf('self').filter(({ command }) => command === POOL_THREAD);
  const poolPaths = pool.map(({ id }) => `self/task/${id}`);
  return {
    cpuMs: stat.cpuMs + cpuMs,
    state: together([stat.state, ...pool.map(({ state }) => state), ...states]),
    waitedMs: sumOf([...[path, ...poolPaths].map(waitedMsOf), waitedMs]),
  };
}

/** As Node names them. */
const POOL_THREAD = 'libuv-worker';

/** Of the processes that some threads have started, by their paths below `/proc`. */
function useOfChildren(threads: readonly string[]): {
  readonly cpuMs: number;
  readonly states: readonly RunState[];
  readonly waitedMs: number;
} {
  const uses = threads
    .flatMap((path) => childIds(path) ?? [])
    .map((id) => processUse(id))
    .filter((use) => use !== undefined);
  return {
    cpuMs: uses.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    states: uses.map(({ state }) => state).filter((state) => state !== undefined),
    waitedMs: sumOf(uses.map(({ waitedMs }) => waitedMs)),
  };
}

/** Of those that are known. */
function sumOf(numbers: readonly (number | undefined)[]): number {
  return numbers.reduce<number>((sum, number) => sum + (number ?? 0), 0);
}

/** Children that a thread has started; undefined where the kernel keeps no list of them. */
export function childIds(thread: string): readonly number[] | undefined {
  const ids = readProc(`${thread}/children`)?.split(' ');
  return ids?.filter((id) => id !== '').map(Number);
}

/**
 * Use of a thread wherever `/proc` is not: the thread itself answers, between two instructions of
 * its JavaScript. Undefined when it has ended, or has not answered in time because it is in a call
 * of the system that does not return.
 */
export async function askedThreadUse(thread: Thread, waitMs: number): Promise<Use | undefined> {
  const asked = await within(thread.cpuUsage(), waitMs);
  return asked && { cpuMs: (asked.user + asked.system) / 1000, state: undefined };
}

/** The kernel's number of the thread that calls, for `threadUse` in another. */
export function ownThreadId(): number | undefined {
  const link = linkOfProc('thread-self');
  return link === undefined ? undefined : Number(link.slice(link.lastIndexOf('/') + 1));
}

/** Every thread of a process. */
export function threadsOf(pid: number | 'self'): ProcessStat[] {
  return (listProc(`${pid}/task`) ?? [])
    .map((id) => statOf(`${pid}/task/${id}`))
    .filter((stat) => stat !== undefined);
}

/** Who runs or waits for a device may let the others go on; who is stopped holds up those that sleep. */
const BY_WEIGHT: readonly RunState[] = ['running', 'disk', 'stopped', 'sleeping', 'dead'];

/** Of a worker, by its own state and those of whatever works for it. */
function together([own = 'dead', ...others]: readonly RunState[]): RunState {
  const all = [own, ...others];
  return own === 'stopped' ? own : (BY_WEIGHT.find((state) => all.includes(state)) ?? 'dead');
}
