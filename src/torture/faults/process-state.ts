import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * `stopped`: none of its threads runs until SIGCONT. `traced`: all that run are held by a tracer,
 * which is how a stop looks under one, but also how a moment of work does; `mark` then changes with
 * every turn that a thread gets.
 */
export interface ProcessState {
  readonly is: 'running' | 'stopped' | 'traced' | 'gone';
  readonly mark: string;
}

/** How a process is. One that has ended and was not waited for is gone. */
export async function processState(pid: number): Promise<ProcessState> {
  return process.platform === 'linux' ? stateFromProc(pid) : stateFromPs(pid);
}

/**
 * By Linux's /proc. All threads count: the signal reaches each at a time of its own, and one within
 * a system call, such as a long write, ends that first.
 */
function stateFromProc(pid: number): ProcessState {
  const threads = listThreads(pid).map((thread) => `/proc/${pid}/task/${thread}`);
  const letters = threads.map((thread) => stateLetter(readProc(`${thread}/stat`)));
  const living = letters.filter((letter) => !'ZX'.includes(letter));
  if (living.length === 0) return { is: 'gone', mark: '' };
  if (living.every((letter) => letter === 'T')) return { is: 'stopped', mark: '' };
  if (!living.every((letter) => 'Tt'.includes(letter))) return { is: 'running', mark: '' };
  const turns = threads.map((thread) => /^voluntary.*$/m.exec(readProc(`${thread}/status`))?.[0]);
  return { is: 'traced', mark: turns.join() };
}

/** The field behind the name, which may itself hold spaces and parentheses; X when it is gone. */
function stateLetter(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2)[0] ?? 'X';
}

function listThreads(pid: number): string[] {
  return unlessGone(() => readdirSync(`/proc/${pid}/task`), []);
}

function readProc(path: string): string {
  return unlessGone(() => readFileSync(path, 'utf8'), '');
}

function unlessGone<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return otherwise;
    throw error;
  }
}

/** By `ps` of POSIX, where there is no /proc, as on macOS. */
export async function stateFromPs(pid: number): Promise<ProcessState> {
  const letter = await psLetter(pid);
  const is = letter === 'T' ? 'stopped' : letter === 'Z' || letter === '' ? 'gone' : 'running';
  return { is, mark: '' };
}

/** Empty when `ps` knows no such process: then it fails, and says nothing. */
async function psLetter(pid: number): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', `${pid}`]);
    return stdout.trim()[0] ?? '';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 1) return '';
    throw error;
  }
}
