import type { ChildProcess } from 'node:child_process';
import type { Server } from 'node:net';
import { constants } from 'node:os';
import { HoldfastError } from '../errors.ts';
import type { Held } from './hold.ts';

export interface RunOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The environment variable PORT of the program. */
  readonly port: number;
  /** The rest of its environment; that of this process by default. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  /** Given to the program as descriptor 3; this process lets go of it. */
  readonly held?: Held | undefined;
  /** Ends the program with SIGTERM. */
  readonly signal?: AbortSignal | undefined;
}

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * `exec` keeps the process, so that the shell's id is the program's, which sd_listen_fds(3) wants to
 * see. A program that cannot be run is reported by the shell, with its status 127 or 126.
 */
const TRAMPOLINE = 'exec "$@"';
const TRAMPOLINE_WITH_SOCKET = 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"';

/**
 * Runs a program with a reserved port and answers its exit status, 128 + n for signal n, as a shell
 * does. It shares our standard streams; SIGINT, SIGTERM and SIGHUP are passed on.
 *
 * A held socket is handed over by the protocol of systemd: descriptor 3, LISTEN_FDS=1, LISTEN_PID.
 * Connections that arrive before the program accepts wait in the kernel. Call this in the same turn
 * of the event loop in which the socket came to be held, or this process may accept some itself.
 * The socket is in non-blocking mode.
 * @throws IO_ERROR when no process can be made; the signal's reason, after the program has ended
 */
export async function runWithPort(options: RunOptions): Promise<number> {
  options.signal?.throwIfAborted();
  const child = start(options);
  options.held?.release();
  const kill = () => child.kill('SIGTERM');
  options.signal?.addEventListener('abort', kill, { once: true });
  const stopForwarding = forwardSignals(child);
  try {
    const status = await statusOf(child, options);
    options.signal?.throwIfAborted();
    return status;
  } finally {
    stopForwarding();
    options.signal?.removeEventListener('abort', kill);
  }
}

function start({ command, args, port, env, cwd, held }: RunOptions): ChildProcess {
  // Neither imported with this file, which every start of the CLI would pay for, nor awaited here.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const script = held ? TRAMPOLINE_WITH_SOCKET : TRAMPOLINE;
  return spawn('/bin/sh', ['-c', script, 'sh', command, ...args], {
    cwd,
    env: { ...(env ?? process.env), PORT: String(port), ...(held && SOCKET_ENVIRONMENT) },
    stdio: held ? [0, 1, 2, descriptorOf(held.server)] : 'inherit',
  });
}

/** Names of somebody else's sockets must not be inherited. */
const SOCKET_ENVIRONMENT = { LISTEN_FDS: '1', LISTEN_FDNAMES: undefined };

/**
 * Node has no public name for a server's descriptor, and takes only streams where a child's
 * descriptors are listed. Every POSIX build has had this one for as long as it has had libuv.
 */
function descriptorOf(server: Server): number {
  const { _handle: handle } = server as Server & { readonly _handle?: { readonly fd?: number } };
  if (handle?.fd === undefined || handle.fd < 0) {
    throw new HoldfastError('CLOSED', 'the held socket was released before it was handed over');
  }
  return handle.fd;
}

function forwardSignals(child: ChildProcess): () => void {
  const { isatty } = process.getBuiltinModule('node:tty');
  const forward = (signal: NodeJS.Signals) => {
    // The terminal sends an interrupt to all of its foreground programs: a second one from us
    // would read as impatience.
    if (signal !== 'SIGINT' || !isatty(0)) child.kill(signal);
  };
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
  return () => {
    for (const signal of FORWARDED_SIGNALS) process.off(signal, forward);
  };
}

function statusOf(child: ChildProcess, { command, cwd }: RunOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      const place = cwd === undefined ? '' : ` in ${cwd}`;
      const text = `cannot start ${command}${place}: ${cause.message}`;
      reject(new HoldfastError('IO_ERROR', text, { cause }));
    });
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
