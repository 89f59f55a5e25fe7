import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Arguments, pathArgument } from './call-arguments.ts';
import type { FsHook } from './fs-call.ts';
import { fsError } from './fs-error.ts';
import { filesOf, withoutCallback } from './fs-functions.ts';
import { type FsInterceptor, interceptFs } from './intercept-fs.ts';
import { performSync, stepsOf } from './memory-calls.ts';
import { opendir } from './memory-dir.ts';
import { FIRST_DESCRIPTOR, type MemoryFs } from './memory-fs.ts';
import { MemoryHandle } from './memory-handle.ts';
import { callPromise, describeCall } from './memory-promises.ts';
import { notSimulated } from './system-calls.ts';

export interface MountOptions {
  /** Absolute: this directory and what is below it are simulated. */
  readonly prefix: string;
  /** The file system of the process whose code makes the call. */
  readonly fsOf: () => MemoryFs;
  readonly hook: FsHook;
}

/**
 * Lets `node:fs` and `node:fs/promises` (promises, callbacks, synchronous calls and streams) work
 * on a simulated file system below `prefix`, and on what was opened there. Everything else goes to
 * the real one. Functions that are not simulated fail with ENOSYS there. A rename or link across
 * the border fails with EXDEV, as between two disks. Disposing puts the real functions back.
 */
export function mountMemoryFs(options: MountOptions): Disposable {
  return interceptFs(new Mount(options));
}

class Mount implements FsInterceptor {
  readonly #prefix: string;
  readonly #fsOf: () => MemoryFs;
  readonly #hook: FsHook;

  constructor({ prefix, fsOf, hook }: MountOptions) {
    this.#prefix = resolve(prefix);
    this.#fsOf = fsOf;
    this.#hook = hook;
  }

  owns(file: unknown): boolean {
    if (typeof file === 'number') return file >= FIRST_DESCRIPTOR;
    return file instanceof MemoryHandle || this.#isBelow(file);
  }

  promise(name: string, args: Arguments): Promise<unknown> {
    const error = this.#errorOf(name, args);
    return error === undefined
      ? callPromise(name, this.#fsOf(), this.#hook, args)
      : Promise.reject(error);
  }

  callback(name: string, args: Arguments, callback: (...answer: unknown[]) => void): void {
    const tell = (...answer: unknown[]) => process.nextTick(callback, ...answer);
    this.#call(name, args).then(
      (value) => tell(...callbackAnswer(name, value)),
      (error) => (name === 'exists' ? tell(false) : tell(error)),
    );
  }

  sync(name: string, args: Arguments): unknown {
    const error = this.#errorOf(name, args);
    if (name === 'openAsBlob') return Promise.reject(notSimulated(name, String(args[0])));
    if (error !== undefined) throw error;
    if (withoutCallback.has(name)) throw notSimulated(name, String(args[0]));
    const fs = this.#fsOf();
    return this.#hook.sync(describeCall(name, 'sync', fs, args), () =>
      name === 'opendir'
        ? opendir(fs, this.#hook, pathArgument(args[0])).next().value
        : performSync(name, fs, args),
    );
  }

  async #call(name: string, args: Arguments): Promise<unknown> {
    const error = this.#errorOf(name, args);
    if (error !== undefined) throw error;
    const fs = this.#fsOf();
    const steps =
      name === 'opendir'
        ? opendir(fs, this.#hook, pathArgument(args[0]))
        : stepsOf(name, 'callback', fs, args);
    return this.#hook.async(describeCall(name, 'async', fs, args), steps);
  }

  /** Of a call that goes from the one file system to the other. */
  #errorOf(name: string, args: Arguments): Error | undefined {
    const files = filesOf(name, args);
    if (files.length < 2 || files.every((file) => this.owns(file))) return undefined;
    const isOneDisk = name === 'rename' || name === 'link';
    return fsError(isOneDisk ? 'EXDEV' : 'ENOSYS', name, String(files[0]), String(files[1]));
  }

  #isBelow(file: unknown): boolean {
    let path = file;
    if (path instanceof URL && path.protocol === 'file:') path = fileURLToPath(path);
    else if (path instanceof Uint8Array) path = Buffer.from(path).toString();
    if (typeof path !== 'string') return false;
    // Most calls are on other files, and most of those can be told by their beginning.
    if (path.startsWith('/') && !path.includes('/.') && !path.includes('//')) {
      return this.#isInside(path);
    }
    return this.#isInside(resolve(path));
  }

  #isInside(path: string): boolean {
    if (!path.startsWith(this.#prefix)) return false;
    return path.length === this.#prefix.length || path[this.#prefix.length] === '/';
  }
}

function callbackAnswer(name: string, value: unknown): unknown[] {
  switch (name) {
    case 'exists':
      return [value];
    case 'read':
    case 'readv':
    case 'write':
    case 'writev':
      return [null, ...Object.values(value as object)];
    default:
      return value === undefined ? [null] : [null, value];
  }
}
