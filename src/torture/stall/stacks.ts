import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type SystemCall, systemCalls } from './calls.ts';
import { processUse } from './cpu.ts';
import { Inspector } from './inspector.ts';
import { within } from './within.ts';

/** What a stuck process is doing. */
export interface Stack {
  /**
   * `event loop`: no JavaScript runs, it waits for something to happen. `system`: it does not
   * answer, for it is in a call that does not return. `stopped`: by a signal.
   */
  readonly where: 'javascript' | 'event loop' | 'system' | 'stopped';
  /** Frames of JavaScript, innermost first. */
  readonly frames: readonly string[];
  /** What its event loop waits for, as far as it could be asked. */
  readonly pending: readonly string[];
  /** Calls of the system in which its threads are. */
  readonly calls: readonly SystemCall[];
  /** Processor time since it began. */
  readonly cpuMs: number | undefined;
}

/** What a process is started with, so that each has an inspector port of its own when it is asked. */
export const STACK_ARGV = ['--inspect-port=0', '--inspect-publish-uid=stderr'] as const;

/**
 * Asks a process that was started with `STACK_ARGV`, by SIGUSR1 and its inspector, which answers in
 * the middle of a loop and of `Atomics.wait` too. A report on signal would not: Node writes it from
 * the event loop. The process goes on, but its inspector stays open on the loopback address, for
 * whoever knows its secret path. Takes at most `waitMs`; undefined when the process is gone.
 * A store that listens to SIGUSR1 itself looks as if it were in a call of the system.
 */
export async function stackOf(
  child: Pick<ChildProcess, 'pid' | 'kill' | 'exitCode' | 'signalCode' | 'stderr'>,
  waitMs: number,
): Promise<Stack | undefined> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return undefined;
  const { cpuMs, state } = processUse(pid) ?? { cpuMs: undefined, state: undefined };
  const calls = systemCalls(pid);
  const nothing = { frames: [], pending: [], calls, cpuMs };
  // It would get the signal when it goes on, and nobody would be there to hear it.
  if (state === 'stopped') return { where: 'stopped', ...nothing };
  const { stderr } = child;
  const answer = stderr && (await ask(stderr, () => child.kill('SIGUSR1'), waitMs));
  if (!answer) return { where: 'system', ...nothing };
  const frames = framesOf(answer.stack);
  const where = frames.length > 0 ? 'javascript' : 'event loop';
  return { where, frames, pending: pendingOf(answer), calls, cpuMs };
}

/** What the process answers. */
interface Answer {
  readonly stack: string;
  readonly active: readonly string[];
  readonly handles: readonly Handle[];
}

/** The part of a diagnostic report's `libuv` that is used. */
interface Handle {
  readonly type: string;
  readonly is_active: boolean;
  readonly is_referenced?: boolean;
  readonly filename?: string | null;
  readonly pid?: number;
  readonly remoteEndpoint?: { readonly host: string; readonly port: number } | null;
}

/** Marks the frames that are ours. */
const PROBE = 'holdfast-probe';

const STACK_PROBE = `(() => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  return { stack, active: process.getActiveResourcesInfo() };
})()
//# sourceURL=${PROBE}`;

// A question of its own: it waits for the worker threads that a store may have.
const HANDLE_PROBE = `(() => {
  process.report.excludeNetwork = true;
  return process.report.getReport().libuv;
})()
//# sourceURL=${PROBE}`;

async function ask(
  stderr: Readable,
  wake: () => void,
  waitMs: number,
): Promise<Answer | undefined> {
  const endsAt = performance.now() + waitMs;
  const leftMs = () => Math.max(0, endsAt - performance.now());
  const url = await inspectorUrl(stderr, wake, waitMs);
  if (url === undefined) return undefined;
  using inspector = new Inspector(url);
  const opened = inspector.opened.then(() => inspector.evaluate(STACK_PROBE));
  const first = (await within(opened, leftMs())) as Omit<Answer, 'handles'> | undefined;
  if (!first) return undefined;
  const handles = await within(inspector.evaluate(HANDLE_PROBE), leftMs());
  return { ...first, handles: (handles as Handle[] | undefined) ?? [] };
}

/** Node says on stderr where it listens. */
async function inspectorUrl(
  stderr: Readable,
  wake: () => void,
  waitMs: number,
): Promise<string | undefined> {
  let heard = '';
  const { promise, resolve } = Promise.withResolvers<string>();
  const listen = (chunk: Buffer | string) => {
    heard += chunk;
    const [url] = /ws:\/\/\S+\/[0-9a-f-]{36}/.exec(heard) ?? [];
    if (url !== undefined) resolve(url);
  };
  stderr.on('data', listen);
  wake();
  const url = await within(promise, waitMs);
  stderr.off('data', listen);
  return url;
}

/** More would hide what matters. */
const LINES_MAX = 12;

function framesOf(stack: string): string[] {
  return stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at /, ''))
    .filter((line) => !line.includes(PROBE))
    .slice(0, LINES_MAX);
}

function pendingOf({ active, handles }: Answer): string[] {
  const counts = Map.groupBy(active, (type) => type);
  const kinds = [...counts].map(([type, all]) =>
    all.length === 1 ? type : `${type} ×${all.length}`,
  );
  const details = handles
    .filter((handle) => handle.is_active && handle.is_referenced)
    .map(detailOf)
    .filter((detail) => detail !== undefined);
  return [...kinds, ...details].slice(0, LINES_MAX);
}

function detailOf({ type, filename, pid, remoteEndpoint }: Handle): string | undefined {
  if (filename) return `watches ${filename}`;
  if (type === 'process' && pid !== undefined) return `waits for process ${pid}`;
  if (remoteEndpoint) return `connected to ${remoteEndpoint.host}:${remoteEndpoint.port}`;
  return undefined;
}
