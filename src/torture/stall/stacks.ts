import type { ChildProcess } from 'node:child_process';
import type { Worker as Thread } from 'node:worker_threads';
import { type SystemCall, systemCallOf, systemCalls } from './calls.ts';
import { processUse, threadUse, type Use } from './cpu.ts';
import { type Probed, probe } from './probe.ts';
import { openInspector } from './process-inspector.ts';
import { ThreadInspector } from './thread-inspector.ts';

/** What a stuck worker is doing. */
export interface Stack extends Probed {
  /**
   * `event loop`: no JavaScript runs, it waits for something to happen. `system`: it does not
   * answer, as a rule because it is in a call of the system that does not return. `stopped`: by a
   * signal.
   */
  readonly where: 'javascript' | 'event loop' | 'system' | 'stopped';
  /** Calls of the system in which its threads sleep, where they may be seen. */
  readonly calls: readonly SystemCall[];
  /** Processor time since it began, where it is known. */
  readonly cpuMs: number | undefined;
}

/**
 * Asks a process that was started with `INSPECTOR_ARGV`, by SIGUSR1 and its inspector, which answers
 * in the middle of a loop and of `Atomics.wait` too. A report on signal would not: Node writes it
 * from the event loop. The process goes on, but its inspector stays open on the loopback address for
 * whoever knows its secret path. Takes `waitMs` at most, or twice that when it falls silent between
 * two questions; undefined when the process is gone. A store that listens to SIGUSR1 itself looks as
 * if it were in a call of the system.
 */
export async function stackOf(
  child: Pick<ChildProcess, 'pid' | 'kill' | 'exitCode' | 'signalCode' | 'stderr'>,
  waitMs: number,
): Promise<Stack | undefined> {
  const { pid, stderr } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return undefined;
  const use = processUse(pid);
  const calls = systemCalls(pid);
  // It would get the signal when it goes on, and nobody would be there to hear it.
  if (use?.state === 'stopped' || !stderr) return told(use, calls, undefined);
  using inspector = await openInspector(stderr, () => child.kill('SIGUSR1'), waitMs);
  const probed = inspector && (await probe((text) => inspector.evaluate(text), waitMs));
  return told(use, calls, probed);
}

/**
 * The same of a thread that this one has started, which costs it nothing but the answer.
 * `kernelId` is what `ownThreadId` told it. A thread in a call of the system that does not return
 * can be neither asked nor terminated, and keeps its process from ending.
 */
export async function threadStackOf(
  thread: Thread,
  kernelId: number | undefined,
  waitMs: number,
): Promise<Stack | undefined> {
  // What Node says of a thread that has ended.
  if (thread.threadId < 0) return undefined;
  const use = kernelId === undefined ? undefined : threadUse(kernelId);
  const call = kernelId === undefined ? undefined : systemCallOf(process.pid, kernelId);
  using inspector = new ThreadInspector();
  const { threadId } = thread;
  const probed = await probe((text) => inspector.evaluate(threadId, text), waitMs);
  return told(use, call ? [call] : [], probed);
}

function told(
  use: Use | undefined,
  calls: readonly SystemCall[],
  probed: Probed | undefined,
): Stack {
  const { frames, pending } = probed ?? { frames: [], pending: [] };
  const silent = use?.state === 'stopped' ? 'stopped' : 'system';
  const where = !probed ? silent : frames.length > 0 ? 'javascript' : 'event loop';
  return { where, frames, pending, calls, cpuMs: use?.cpuMs };
}
