import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Command, type LoopSetup, ProgressLoop, type Report } from './progress-loop.ts';

/** Where a loop runs, as its other side sees it. */
export interface LoopHost {
  readonly isThread: boolean;
  tell(command: Command): void;
  /** After one flush more. */
  close(): Promise<void>;
}

/** How long a thread is given to end by itself. */
const CLOSE_MS = 5000;

/**
 * A loop in a thread of its own, which goes on while this one is blocked and keeps no process alive.
 * `onLost` is called when it has ended unasked, also because it could not be started.
 * @throws where threads cannot be started at all
 */
export function startThread(
  setup: LoopSetup,
  onReport: (report: Report) => void,
  onLost: () => void,
): LoopHost {
  const thread = new Worker(workerFile(), {
    workerData: setup,
    name: 'holdfast-flusher',
    // Neither what the program was started with nor what is preloaded into it is meant for us.
    env: compileCache(),
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  let isClosing = false;
  thread.on('message', onReport);
  thread.on('error', () => undefined);
  thread.once('exit', () => {
    if (!isClosing) onLost();
  });
  thread.unref();
  return {
    isThread: true,
    tell: (command) => thread.postMessage(command),
    close: async () => {
      isClosing = true;
      if (thread.threadId === -1) return;
      thread.ref();
      const ended = new Promise((resolve) => thread.once('exit', resolve));
      thread.postMessage({ type: 'close' });
      const timer = setTimeout(() => void thread.terminate(), CLOSE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** The same loop in this thread: a timer, which waits while the thread is blocked. */
export function startTimer(setup: LoopSetup, onReport: (report: Report) => void): LoopHost {
  const loop = new ProgressLoop(
    // A wait in the kernel might be granted as the process ends, with nobody there to give it back.
    { ...setup, lockTimeoutMs: 0 },
    // Later: what was just committed here is first heard of by those who asked for it.
    (report) => void setImmediate(onReport, report),
  );
  return {
    isThread: false,
    tell: (command) => loop.obey(command),
    close: () => loop.close(),
  };
}

/** That of this process, if it has one: a thread has it by its environment alone. */
function compileCache(): NodeJS.ProcessEnv {
  const directory = getCompileCacheDir();
  // Node's own part of it, by version.
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) };
}

/** Beside this one: TypeScript in a checkout, JavaScript in a package, and missing in a bundle. */
function workerFile(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./flusher-worker.${extension}`, import.meta.url);
}
