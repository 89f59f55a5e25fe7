import type { Worker as Thread } from 'node:worker_threads';
import { linkOfProc, listProc, readProc } from './proc.ts';
import { type ProcessStat, type RunState, statOf } from './process-stat.ts';
import { within } from './within.ts';

/** What a worker has used of the processor, and whether it wants more. */
export interface Use {
  /** Counted in steps of 10 ms where `/proc` says it. */
  readonly cpuMs: number;
  /** Undefined where the system does not tell. */
  readonly state: RunState | undefined;
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
  const { cpuMs, states } = useOfChildren(threads.map(({ id }) => `${pid}/task/${id}`));
  return {
    cpuMs: whole.cpuMs + whole.endedChildrenMs + cpuMs,
    state: together([whole.state, ...threads.map(({ state }) => state), ...states]),
  };
}

/**
 * Use of one thread of this process, by what `ownThreadId` told it, and of the processes that it has
 * started; what those that have ended have used is not in it. Linux only, else undefined.
 */
export function threadUse(threadId: number): Use | undefined {
  const path = `self/task/${threadId}`;
  const stat = statOf(path);
  if (!stat) return undefined;
  const { cpuMs, states } = useOfChildren([path]);
  return { cpuMs: stat.cpuMs + cpuMs, state: together([stat.state, ...states]) };
}

/** Of the processes that some threads have started, by their paths below `/proc`. */
function useOfChildren(threads: readonly string[]): { cpuMs: number; states: RunState[] } {
  const uses = threads
    .flatMap((path) => childIds(path) ?? [])
    .map((id) => processUse(id))
    .filter((use) => use !== undefined);
  return {
    cpuMs: uses.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    states: uses.map(({ state }) => state).filter((state) => state !== undefined),
  };
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
export function threadsOf(pid: number): ProcessStat[] {
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
