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

/**
 * How many want a process to be stopped. A pause and a copy may overlap, and a process goes on when
 * the last of them has let go.
 */
const holds = new Map<number, number>();
let isWatchingExit = false;

/**
 * Stops a process with SIGSTOP and waits until none of its threads runs. False: it has ended.
 * What it has started itself goes on. Each pause needs one `resumeProcess`; where this process ends
 * in order before that, those that it has stopped go on too.
 * @throws WORKER_FAILED when it does not stop within five seconds; it goes on then
 */
export async function pauseProcess(pid: number): Promise<boolean> {
  assertPid(pid);
  let isPaused = false;
  try {
    hold(pid);
    isPaused = await settled(pid);
  } finally {
    if (!isPaused) release(pid);
  }
  return isPaused;
}

/** Ends one pause; with the last one the process goes on. False: it has ended. */
export function resumeProcess(pid: number): boolean {
  assertPid(pid);
  return release(pid);
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
 * stopped for that, all before the first file is read, and go on in any case; those that are paused
 * stay so. Processes that have ended do not matter.
 * @throws WORKER_FAILED when one does not stop; RangeError as `readImage`
 */
export async function copyStopped(pids: readonly number[], dir: string): Promise<DirectoryImage> {
  for (const pid of pids) assertPid(pid);
  const held: number[] = [];
  try {
    // All are told before anyone is waited for: they stop at nearly the same time.
    for (const pid of pids) {
      held.push(pid);
      hold(pid);
    }
    await Promise.all(held.map(settled));
    return readImage(dir);
  } finally {
    for (const pid of held) release(pid);
  }
}

/** True: every thread is stopped. False: the process has ended. */
async function settled(pid: number): Promise<boolean> {
  const limitAt = performance.now() + STOP_MS;
  while (performance.now() < limitAt) {
    const { is } = await processState(pid);
    if (is === 'gone') return false;
    if (is === 'stopped' || (is === 'traced' && (await isStopped(pid)))) return true;
    await sleep(LOOK_MS);
  }
  throw new HoldfastError('WORKER_FAILED', `process ${pid} did not stop within ${STOP_MS} ms`);
}

function hold(pid: number): void {
  if (!isWatchingExit) {
    isWatchingExit = true;
    // A stopped process outlives its parent, and then nobody wakes it.
    process.on('exit', () => {
      for (const one of holds.keys()) send(one, 'SIGCONT');
    });
  }
  holds.set(pid, (holds.get(pid) ?? 0) + 1);
  send(pid, 'SIGSTOP');
}

/** False: the process has ended. */
function release(pid: number): boolean {
  const left = (holds.get(pid) ?? 1) - 1;
  if (left > 0) holds.set(pid, left);
  else holds.delete(pid);
  return send(pid, left > 0 ? 0 : 'SIGCONT');
}

/** False: there is no such process. Signal 0 only asks. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
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
