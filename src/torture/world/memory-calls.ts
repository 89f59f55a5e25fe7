import { type Arguments, pathArgument, textAnswer } from './call-arguments.ts';
import {
  appendFile,
  copyFile,
  readFile,
  truncate,
  write,
  writeFile,
  writev,
} from './file-programs.ts';
import { runToEnd, type Steps } from './fs-call.ts';
import type { MemoryFs } from './memory-fs.ts';
import {
  notSimulated,
  realpathByNames,
  type SystemCall,
  statQuietly,
  systemCalls,
} from './system-calls.ts';
import { cp, mkdir, readdir, rm, rmSync } from './tree-programs.ts';

type Program = (fs: MemoryFs, args: Arguments) => Steps;

const programs: Readonly<Record<string, Program>> = {
  appendFile,
  copyFile,
  cp,
  mkdir,
  readFile,
  readdir,
  rm,
  truncate,
  write,
  writeFile: (fs, args) => writeFile(fs, args),
  writev,
};

/** Calls of which the synchronous style, or that with a callback, is not the promise's. */
const byNames: SystemCall = (fs, [path, options]) =>
  textAnswer(realpathByNames(fs.disk, pathArgument(path)), options);

const syncOnly: Readonly<Record<string, SystemCall>> = {
  stat: (fs, args) => statQuietly(fs, 'stat', args),
  lstat: (fs, args) => statQuietly(fs, 'lstat', args),
  realpath: byNames,
  'realpath.native': (fs, args) => systemCalls.realpath?.(fs, args),
  read: (fs, args) => countOf(systemCalls.read?.(fs, args)),
  readv: (fs, args) => countOf(systemCalls.readv?.(fs, args)),
  write: (fs, args) => countOf(runToEnd(write(fs, args))),
  rm: rmSync,
  writev: (fs, args) => countOf(runToEnd(writev(fs, args))),
};

const callbackOnly: Readonly<Record<string, SystemCall>> = {
  realpath: byNames,
  'realpath.native': (fs, args) => systemCalls.realpath?.(fs, args),
};

/** What an asynchronous call does. @throws ENOSYS with the first step when it is not simulated. */
export function stepsOf(
  name: string,
  style: 'promise' | 'callback',
  fs: MemoryFs,
  args: Arguments,
): Steps {
  const call = (style === 'callback' ? callbackOnly[name] : undefined) ?? systemCalls[name];
  if (call !== undefined) return new OneStep(call, fs, args);
  return programs[name]?.(fs, args) ?? new OneStep(() => refuse(name, args), fs, args);
}

/** @throws ENOSYS when it is not simulated. */
export function performSync(name: string, fs: MemoryFs, args: Arguments): unknown {
  const call = syncOnly[name] ?? systemCalls[name];
  if (call !== undefined) return call(fs, args);
  const program = programs[name];
  return program === undefined ? refuse(name, args) : runToEnd(program(fs, args));
}

/** The steps of a call that has only one. */
export class OneStep implements Steps {
  readonly #call: SystemCall;
  readonly #fs: MemoryFs;
  readonly #args: Arguments;

  constructor(call: SystemCall, fs: MemoryFs, args: Arguments) {
    this.#call = call;
    this.#fs = fs;
    this.#args = args;
  }

  next(): IteratorReturnResult<unknown> {
    return { done: true, value: this.#call(this.#fs, this.#args) };
  }
}

function refuse(name: string, [path]: Arguments): never {
  throw notSimulated(name, typeof path === 'string' ? path : undefined);
}

/** Bytes moved, which a synchronous call answers alone. */
function countOf(moved: unknown): unknown {
  const { bytesRead, bytesWritten } = moved as { bytesRead?: number; bytesWritten?: number };
  return bytesRead ?? bytesWritten;
}
