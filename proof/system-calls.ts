import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { straceAvailable } from '../src/torture/faults/strace.ts';

/** A system call of a process that was watched, and succeeded. */
export interface SystemCall {
  readonly thread: number;
  readonly name: string;
  /** Numbers and names of flags as strace writes them, paths and data as they are. */
  readonly args: readonly string[];
  /** Of the descriptor that it was for, or that it answered. */
  readonly path: string;
  /** What was written. */
  readonly data: Buffer;
  readonly result: number;
}

/** All by which SQLite and Node change files and directories, and make them safe. */
const CALLS = [
  ...['open', 'openat', 'creat', 'mkdir', 'mkdirat', 'write', 'writev', 'pwrite64', 'pwritev'],
  ...['fsync', 'fdatasync', 'ftruncate', 'truncate', 'fallocate', 'rename', 'renameat'],
  ...['renameat2', 'link', 'linkat', 'unlink', 'unlinkat'],
];

/** More than any write that is recorded. */
const DATA_BYTES = 16 * 1024 * 1024;
const LOG_MS = 5000;

/** Whether strace can watch processes here, and change their calls; else why not. */
export function canTrace(): Promise<true | string> {
  return straceAvailable([{ calls: ['fsync'], action: { error: 'EIO' }, when: { first: 1 } }]);
}

/** Runs a module under strace and answers what it did to files, in its order. Needs strace. */
export async function record(args: readonly string[], log: string): Promise<readonly SystemCall[]> {
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const options = ['-f', '--seccomp-bpf', '-y', '-xx', '-s', String(DATA_BYTES), '-o', log];
  const trace = ['-e', `trace=${CALLS.map((name) => `?${name}`).join()}`, '--quiet=attach'];
  const child = spawn('strace', [...options, ...trace, process.execPath, ...args], {
    // One thread of the pool, so that no two calls of it are in each other's way.
    env: { ...env, UV_THREADPOOL_SIZE: '1' },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`what was recorded ended with ${status}`);
  return parseCalls(await wholeLog(log));
}

/** Its last line comes when the last thread has ended. */
async function wholeLog(log: string): Promise<string> {
  const limitAt = performance.now() + LOG_MS;
  for (;;) {
    const text = readFileSync(log, 'utf8');
    if (/\+\+\+ exited with \d+ \+\+\+\n$/.test(text) || performance.now() > limitAt) return text;
    await pause(5);
  }
}

/** What `-f -y -xx` writes: all text in hexadecimal, a descriptor's path behind it. */
export function parseCalls(log: string): readonly SystemCall[] {
  const begun = new Map<string, string>();
  const calls: SystemCall[] = [];
  for (const line of log.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const [unfinished, head] = /^(.*) <unfinished \.\.\.>$/.exec(rest) ?? [];
    if (unfinished !== undefined) {
      begun.set(thread, head ?? '');
      continue;
    }
    const [resumed, tail = ''] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? [];
    const call = callOf(thread, resumed === undefined ? rest : (begun.get(thread) ?? '') + tail);
    if (call) calls.push(call);
  }
  return calls;
}

function callOf(thread: string, text: string): SystemCall | undefined {
  const [, name, inside, result, answered] =
    /^(\w+)\((.*)\) += (\d+)(?:<([^>]*)>)?$/.exec(text) ?? [];
  if (name === undefined || inside === undefined) return undefined;
  const parts = inside.split(', ');
  const strings = parts.filter((part) => part.startsWith('"')).map(unquoted);
  const [, first] = /^\d+<(.*?)>$/.exec(parts[0] ?? '') ?? [];
  return {
    ...{ thread: Number(thread), name, result: Number(result) },
    args: parts.map((part) => (part.startsWith('"') ? unquoted(part).toString() : part)),
    path: unescaped(answered ?? first ?? '').toString(),
    data: strings.at(-1) ?? Buffer.alloc(0),
  };
}

function unquoted(part: string): Buffer {
  if (!part.endsWith('"')) throw new RangeError('a string of a system call was cut off');
  return unescaped(part.slice(1, -1));
}

function unescaped(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}
