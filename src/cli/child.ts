import type { ChildProcess, StdioOptions } from 'node:child_process';
import { constants } from 'node:os';
import type { Transform } from 'node:stream';
import { Failure } from './failure.ts';

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

export interface ChildOptions {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Descriptors of ours, by the number that they have in the child. */
  readonly descriptors: ReadonlyMap<number, number>;
  /** What its output and its errors go through; ours are the child's where there is none. */
  readonly through: (() => Transform) | undefined;
}

/** A program that was started. */
export interface Running {
  readonly ended: Promise<ChildEnd>;
  /** Resolves once all of its output is written, which other programs that it started may hold open. */
  readonly written: Promise<unknown>;
}

export interface ChildEnd {
  /** Its exit status, 128 + n for signal n, as a shell has it. */
  readonly status: number;
  readonly signal: NodeJS.Signals | undefined;
}

/**
 * A program that shares our streams and is passed on the signals that we get. From the moment that
 * this is made no such signal ends this process, so that what `run` leaves behind can be removed.
 */
export class Child {
  #process: ChildProcess | undefined;

  constructor() {
    for (const signal of FORWARDED_SIGNALS) process.on(signal, this.#forward);
  }

  start(options: ChildOptions): Running {
    const { spawn } = process.getBuiltinModule('node:child_process');
    const { argv, env, cwd, through } = options;
    // The shell says what cannot be run, with its status 127 or 126.
    const child = spawn('/bin/sh', ['-c', 'exec "$@"', 'sh', ...argv], {
      ...{ env, cwd, stdio: stdioOf(options) },
    });
    this.#process = child;
    const ended = endOf(child);
    const { stdout, stderr } = child;
    if (!through || !stdout || !stderr) return { ended, written: ended };
    const written = Promise.all([
      passed(stdout, through(), process.stdout),
      passed(stderr, through(), process.stderr),
    ]);
    // A failure is told by whoever waits for it, a moment later.
    written.catch(() => undefined);
    return { ended, written };
  }

  /** Nothing happens where it does not run. */
  kill(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** What it writes from now on is lost. */
  [Symbol.dispose](): void {
    this.#process?.stdout?.destroy();
    this.#process?.stderr?.destroy();
    for (const signal of FORWARDED_SIGNALS) process.off(signal, this.#forward);
  }

  readonly #forward = (signal: NodeJS.Signals): void => {
    const { isatty } = process.getBuiltinModule('node:tty');
    // The terminal sends these to all of its foreground programs: one from us would be a second one.
    const isTerminals = signal === 'SIGINT' || signal === 'SIGQUIT';
    if (!isTerminals || !isatty(0)) this.kill(signal);
  };
}

function stdioOf({ descriptors, through }: ChildOptions): StdioOptions {
  const output = through ? 'pipe' : 'inherit';
  const stdio: (number | 'inherit' | 'pipe' | 'ignore')[] = ['inherit', output, output];
  const last = Math.max(2, ...descriptors.keys());
  for (let fd = 3; fd <= last; fd += 1) stdio.push(descriptors.get(fd) ?? 'ignore');
  return stdio;
}

function endOf(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', ({ message }) => reject(new Failure(1, `cannot start: ${message}`)));
    child.once('exit', (code, signal) => {
      const status = code ?? 128 + (signal ? constants.signals[signal] : 0);
      resolve({ status, signal: signal ?? undefined });
    });
  });
}

/** A reader that has gone away is the child's to notice, as it would be without us. */
async function passed(
  from: NodeJS.ReadableStream,
  through: Transform,
  to: NodeJS.WritableStream,
): Promise<void> {
  const { pipeline } = process.getBuiltinModule('node:stream/promises');
  try {
    await pipeline(from, through, to, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
