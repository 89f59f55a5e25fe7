import { constants } from 'node:fs';
import { type Arguments, pathArgument } from './call-arguments.ts';
import type { FsCall, FsHook, Steps } from './fs-call.ts';
import { filesOf, fsFunctions, promiseNames } from './fs-functions.ts';
import { OneStep, stepsOf } from './memory-calls.ts';
import { opendir } from './memory-dir.ts';
import type { MemoryFs } from './memory-fs.ts';
import { MemoryHandle } from './memory-handle.ts';
import { systemCalls } from './system-calls.ts';
import type { FileSystem } from './world.ts';

/**
 * `node:fs/promises` over a simulated file system. What is not simulated (`watch`, `glob`,
 * `statfs`) rejects with ENOSYS and its name.
 */
export function memoryPromises(fs: MemoryFs, hook: FsHook): FileSystem {
  return new MemoryPromises(fs, hook) as unknown as FileSystem;
}

/** Its functions are made when they are first asked for: a schedule uses three of the thirty. */
class MemoryPromises {
  readonly constants = constants;
  readonly #fs: MemoryFs;
  readonly #hook: FsHook;

  constructor(fs: MemoryFs, hook: FsHook) {
    this.#fs = fs;
    this.#hook = hook;
  }

  static {
    for (const name of promiseNames) {
      Object.defineProperty(MemoryPromises.prototype, name, {
        get(this: MemoryPromises) {
          const fs = this.#fs;
          const hook = this.#hook;
          const value = (...args: unknown[]) => callPromise(name, fs, hook, args);
          Object.defineProperty(this, name, { value, enumerable: true });
          return value;
        },
      });
    }
  }
}

/** A call of the promise API. */
export function callPromise(
  name: string,
  fs: MemoryFs,
  hook: FsHook,
  args: Arguments,
): Promise<unknown> {
  try {
    if ((name === 'writeFile' || name === 'appendFile') && isAsyncIterable(args[1])) {
      return writeAll(name, fs, hook, args, args[1]);
    }
    return hook.async(describeCall(name, 'async', fs, args), promiseSteps(name, fs, hook, args));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** @throws TypeError for a path that is none. */
export function describeCall(
  name: string,
  style: FsCall['style'],
  fs: MemoryFs,
  args: Arguments,
): FsCall {
  const [first, second] = filesOf(name, args);
  const path = pathOf(fs, first);
  return fsFunctions[name] === 'paths'
    ? { name, path, dest: pathOf(fs, second), style }
    : { name, path, style };
}

function pathOf(fs: MemoryFs, file: unknown): string | undefined {
  if (typeof file === 'number') return fs.pathOf(file);
  return file instanceof MemoryHandle ? fs.pathOf(file.fd) : pathArgument(file);
}

function promiseSteps(name: string, fs: MemoryFs, hook: FsHook, args: Arguments): Steps {
  if (name === 'open') return new OneStep(() => openHandle(fs, hook, args), fs, args);
  if (name === 'opendir') return opendir(fs, hook, pathArgument(args[0]));
  return stepsOf(name, 'promise', fs, args);
}

function openHandle(fs: MemoryFs, hook: FsHook, args: Arguments): MemoryHandle {
  return new MemoryHandle(fs, hook, systemCalls.open?.(fs, args) as number);
}

/** `writeFile` of what comes bit by bit: a write for each. */
async function writeAll(
  name: string,
  fs: MemoryFs,
  hook: FsHook,
  [target, , options]: Arguments,
  parts: AsyncIterable<unknown>,
): Promise<void> {
  const { flag = name === 'writeFile' ? 'w' : 'a', mode } = Object(options);
  if (target instanceof MemoryHandle) {
    for await (const part of parts) await target.writeFile(part, options);
    return;
  }
  const handle = (await callPromise('open', fs, hook, [target, flag, mode])) as MemoryHandle;
  await using _closed = handle;
  for await (const part of parts) await handle.writeFile(part, options);
}

function isAsyncIterable(data: unknown): data is AsyncIterable<unknown> {
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return false;
  return Symbol.asyncIterator in data || Symbol.iterator in data;
}
