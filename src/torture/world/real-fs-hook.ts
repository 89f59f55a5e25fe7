import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Arguments } from './call-arguments.ts';
import { faultError, faultyArguments, needsOf } from './faulty-call.ts';
import type { FsCall } from './fs-call.ts';
import type { FsFault, FsFaults } from './fs-faults.ts';
import { filesOf } from './fs-functions.ts';
import { type Callback, type FsInterceptor, interceptFs, type Original } from './intercept-fs.ts';

export interface RealFsOptions {
  /** Calls on this directory and what is below it may fail. */
  readonly dir: string;
  readonly faults: FsFaults;
}

/**
 * Lets calls of `node:fs` and `node:fs/promises` on the real file system below `dir`, and on what
 * was opened there, meet faults. A call counts once, whatever Node makes of it inside. Addons and
 * child processes are not reached. Disposing puts the real functions back.
 */
export function hookRealFs({ dir, faults }: RealFsOptions): Disposable {
  const files = new RealFiles(resolve(dir), faults);
  const hook = interceptFs(files);
  return {
    [Symbol.dispose]() {
      files.isActive = false;
      hook[Symbol.dispose]();
    },
  };
}

/** Set while Node does what it was asked for, with calls of its own. */
const inside = new AsyncLocalStorage<boolean>();

/** Methods of handles that are functions by another name. */
const handleMethods: Readonly<Record<string, string>> = {
  appendFile: 'appendFile',
  close: 'close',
  datasync: 'fdatasync',
  read: 'read',
  readFile: 'readFile',
  readv: 'readv',
  sync: 'fsync',
  truncate: 'ftruncate',
  write: 'write',
  writeFile: 'writeFile',
  writev: 'writev',
};

class RealFiles implements FsInterceptor {
  isActive = true;
  readonly #dir: string;
  readonly #faults: FsFaults;
  readonly #descriptors = new Map<number, string>();
  readonly #handles = new WeakMap<object, string>();

  constructor(dir: string, faults: FsFaults) {
    this.#dir = dir;
    this.#faults = faults;
  }

  owns(file: unknown): boolean {
    if (inside.getStore() === true) return false;
    const path = this.#pathOf(file);
    return path !== undefined && (path === this.#dir || path.startsWith(`${this.#dir}/`));
  }

  async promise(name: string, args: Arguments, original: Original): Promise<unknown> {
    const fault = this.#fault(name, 'async', args);
    const given = fault === undefined ? args : faultyArguments(name, args, fault);
    const answer = given && (await inside.run(true, () => original(...given)));
    if (fault?.code !== undefined) throw faultError(name, fault.code, filesOf(name, args));
    this.#note(name, args, answer);
    return answer;
  }

  callback(name: string, args: Arguments, callback: Callback, original: Original): void {
    const fault = this.#fault(name, 'async', args);
    const given = fault === undefined ? args : faultyArguments(name, args, fault);
    const own = fault?.code && faultError(name, fault.code, filesOf(name, args));
    // Whoever is called back is not inside any more.
    const tell = AsyncResource.bind((error: unknown, ...values: unknown[]) => {
      if (own !== undefined && !error) return callback(own);
      if (!error) this.#note(name, args, values[0]);
      return callback(error, ...values);
    });
    if (given === undefined) process.nextTick(tell, null);
    else inside.run(true, () => original(...given, tell));
  }

  sync(name: string, args: Arguments, original: Original): unknown {
    const fault = this.#fault(name, 'sync', args);
    const given = fault === undefined ? args : faultyArguments(name, args, fault);
    const answer = given && inside.run(true, () => original(...given));
    if (fault?.code !== undefined) throw faultError(name, fault.code, filesOf(name, args));
    this.#note(name, args, answer);
    return answer;
  }

  #fault(name: string, style: FsCall['style'], args: Arguments): FsFault | undefined {
    const [file, second] = filesOf(name, args);
    const path = this.#pathOf(file);
    const dest = second === undefined ? undefined : this.#pathOf(second);
    const isPath = typeof file !== 'number' && !this.#handles.has(Object(file));
    const call = { name, path, dest, style };
    return this.#faults.faultOf(call, needsOf(name, args, isPath ? path : undefined));
  }

  #pathOf(file: unknown): string | undefined {
    if (typeof file === 'number') return this.#descriptors.get(file);
    if (typeof file === 'string') return resolve(file);
    if (file instanceof URL) return file.protocol === 'file:' ? fileURLToPath(file) : undefined;
    if (file instanceof Uint8Array) return resolve(Buffer.from(file).toString());
    return typeof file === 'object' && file !== null ? this.#handles.get(file) : undefined;
  }

  /** Keeps account of what is open. */
  #note(name: string, args: Arguments, answer: unknown): void {
    const [file] = args;
    if (name === 'close' && typeof file === 'number') this.#descriptors.delete(file);
    if (name !== 'open') return;
    const path = this.#pathOf(file) ?? '';
    if (typeof answer === 'number') this.#descriptors.set(answer, path);
    else this.#watch(answer as FileHandle, path);
  }

  #watch(handle: FileHandle, path: string): void {
    this.#handles.set(handle, path);
    for (const [method, name] of Object.entries(handleMethods)) {
      const own = Reflect.get(handle, method) as Original;
      const original = (_handle: unknown, ...rest: unknown[]) => own.apply(handle, rest);
      const value = (...args: unknown[]) =>
        this.isActive && inside.getStore() !== true
          ? this.promise(name, [handle, ...args], original)
          : own.apply(handle, args);
      Object.defineProperty(handle, method, { value, configurable: true });
    }
  }
}
