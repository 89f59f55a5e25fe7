import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import { type DirectoryImage, readImage } from './directory-image.ts';
import { processState } from './process-state.ts';

/** Why no process can be stopped here. */
export function whyNoSignals(): string | undefined {
  return process.platform === 'win32' ? 'Windows cannot stop a process' : undefined;
}

/** A thread in a write to a slow disk stops when that has ended. */
const STOP_MS = 5000;
const LOOK_MS = 1;
/** What stands still for so long between two looks of a tracer's process is stopped. */
const TRACED_LOOK_MS = 20;

/** What this process has stopped. A stopped process outlives its parent, and then nobody wakes it. */
const stopped = new Set<number>();
let isWatchingExit = false;

/**
 * Stops a process with SIGSTOP and waits until none of its threads runs. False: it has ended.
 * What it has started itself goes on. When this process ends in order, those that it has stopped
 * go on too.
 * @throws WORKER_FAILED when it does not stop within five seconds; it goes on then
 */
export async function pauseProcess(pid: number): Promise<boolean> {
  assertPid(pid);
  if (!stop(pid)) return false;
  try {
    return await settled(pid);
  } catch (error) {
    resumeProcess(pid);
    throw error;
  }
}

/** Lets a stopped process go on. False: it has ended. */
export function resumeProcess(pid: number): boolean {
  assertPid(pid);
  stopped.delete(pid);
  return send(pid, 'SIGCONT');
}

/** Whether a process is there and does not run until it is let go on. */
export async function isStopped(pid: number): Promise<boolean> {
  const { is, mark } = await processState(pid);
  if (is !== 'traced') return is === 'stopped';
  await sleep(TRACED_LOOK_MS);
  const later = await processState(pid);
  return later.is === 'stopped' || (later.is === 'traced' && later.mark === mark);
}

/**
 * The image of a directory as kill -9 of these processes at this moment would leave it. They are
 * stopped for that, all before the first file is read, and go on in any case; those that were
 * stopped before stay so. Processes that have ended do not matter.
 * @throws WORKER_FAILED when one does not stop; RangeError as `readImage`
 */
export async function copyStopped(pids: readonly number[], dir: string): Promise<DirectoryImage> {
  for (const pid of pids) assertPid(pid);
  const running: number[] = [];
  for (const pid of pids) if (!(await isStopped(pid))) running.push(pid);
  try {
    // All are told before anyone is waited for: they stop at nearly the same time.
    for (const pid of running) stop(pid);
    await Promise.all(running.map(settled));
    return readImage(dir);
  } finally {
    for (const pid of running) resumeProcess(pid);
  }
}

/** True: every thread is stopped. False: the process has ended. */
async function settled(pid: number): Promise<boolean> {
  const limitAt = performance.now() + STOP_MS;
  while (performance.now() < limitAt) {
    const { is } = await processState(pid);
    if (is === 'gone') {
      stopped.delete(pid);
      return false;
    }
    if (is === 'stopped' || (is === 'traced' && (await isStopped(pid)))) return true;
    await sleep(LOOK_MS);
  }
  throw new HoldfastError('WORKER_FAILED', `process ${pid} did not stop within ${STOP_MS} ms`);
}

function stop(pid: number): boolean {
  if (!isWatchingExit) {
    isWatchingExit = true;
    process.on('exit', () => {
      for (const one of stopped) send(one, 'SIGCONT');
    });
  }
  stopped.add(pid);
  const isThere = send(pid, 'SIGSTOP');
  if (!isThere) stopped.delete(pid);
  return isThere;
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** Numbers below 1 are groups of processes, and who stops himself cannot go on. */
function assertPid(pid: number): void {
  if (Number.isSafeInteger(pid) && pid > 1 && pid !== process.pid) return;
  throw wrongArgument('range', `no process to be stopped has the number ${pid}`);
}
