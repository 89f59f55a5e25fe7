import type { Worker as Thread } from 'node:worker_threads';
import { linkOfProc, listProc } from './proc.ts';
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
 * Use of a process by all its threads. It counts as sleeping only when every thread sleeps: a
 * thread of libuv's pool that waits for a device makes it `disk`. Linux only, else undefined.
 */
export function processUse(pid: number): Use | undefined {
  const whole = statOf(`${pid}`);
  if (!whole || whole.state === 'dead') return undefined;
  const states = threadsOf(pid).map(({ state }) => state);
  return { cpuMs: whole.cpuMs, state: liveliest([whole.state, ...states]) };
}

/** Use of one thread of this process, by what `ownThreadId` told it. Linux only, else undefined. */
export function threadUse(threadId: number): Use | undefined {
  const stat = statOf(`self/task/${threadId}`);
  return stat && { cpuMs: stat.cpuMs, state: stat.state };
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

const BY_LIFE: readonly RunState[] = ['running', 'disk', 'sleeping', 'stopped', 'dead'];

function liveliest(states: readonly RunState[]): RunState {
  return BY_LIFE.find((state) => states.includes(state)) ?? 'dead';
}
