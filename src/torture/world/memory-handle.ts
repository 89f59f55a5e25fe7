import { EventEmitter } from 'node:events';
import { createReadStream, createWriteStream, type ReadStream, type WriteStream } from 'node:fs';
import { createInterface, type Interface } from 'node:readline/promises';
import type { Arguments } from './call-arguments.ts';
import type { FsHook } from './fs-call.ts';
import { stepsOf } from './memory-calls.ts';
import type { MemoryFs } from './memory-fs.ts';
import { notSimulated } from './system-calls.ts';

type StreamOptions = Readonly<Record<string, unknown>> | undefined;

/** The `FileHandle` of a simulated file. Its calls are those of the functions that take descriptors. */
export class MemoryHandle extends EventEmitter {
  readonly #fs: MemoryFs;
  readonly #hook: FsHook;
  readonly #path: string | undefined;
  #fd: number;
  #pending = 0;
  #closing: { readonly promise: Promise<void>; readonly begin: () => void } | undefined;

  constructor(fs: MemoryFs, hook: FsHook, fd: number) {
    super();
    this.#fs = fs;
    this.#hook = hook;
    this.#fd = fd;
    this.#path = fs.pathOf(fd);
  }

  /** -1 once it is closed. */
  get fd(): number {
    return this.#fd;
  }

  appendFile(data: unknown, options?: unknown): Promise<unknown> {
    return this.#call('writeFile', [data, options]);
  }

  chmod(mode: unknown): Promise<unknown> {
    return this.#call('fchmod', [mode]);
  }

  chown(uid: unknown, gid: unknown): Promise<unknown> {
    return this.#call('fchown', [uid, gid]);
  }

  datasync(): Promise<unknown> {
    return this.#call('fdatasync', []);
  }

  read(...args: Arguments): Promise<unknown> {
    return this.#call('read', args);
  }

  readFile(options?: unknown): Promise<unknown> {
    return this.#call('readFile', [options]);
  }

  readv(...args: Arguments): Promise<unknown> {
    return this.#call('readv', args);
  }

  stat(options?: unknown): Promise<unknown> {
    return this.#call('fstat', [options]);
  }

  sync(): Promise<unknown> {
    return this.#call('fsync', []);
  }

  truncate(size: unknown = 0): Promise<unknown> {
    return this.#call('ftruncate', [size]);
  }

  utimes(atime: unknown, mtime: unknown): Promise<unknown> {
    return this.#call('futimes', [atime, mtime]);
  }

  write(...args: Arguments): Promise<unknown> {
    return this.#call('write', args);
  }

  writeFile(data: unknown, options?: unknown): Promise<unknown> {
    return this.#call('writeFile', [data, options]);
  }

  writev(...args: Arguments): Promise<unknown> {
    return this.#call('writev', args);
  }

  /** Waits for the calls under way; a second one answers the same. */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.promise;
    if (this.#fd === -1) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closing = { promise, begin: () => resolve(this.#close()) };
    if (this.#pending === 0) this.#closing.begin();
    return promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  createReadStream(options?: StreamOptions): ReadStream {
    return createReadStream('', this.#streamOptions(options));
  }

  createWriteStream(options?: StreamOptions): WriteStream {
    return createWriteStream('', this.#streamOptions(options));
  }

  readLines(options?: StreamOptions): Interface {
    return createInterface({
      input: this.createReadStream(options),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
  }

  readableWebStream(): never {
    throw notSimulated('readableWebStream', this.#path);
  }

  #call(name: string, args: Arguments): Promise<unknown> {
    if (this.#fd === -1) {
      return Promise.reject(
        Object.assign(new Error('file closed'), { code: 'EBADF', syscall: name }),
      );
    }
    const steps = stepsOf(name, 'promise', this.#fs, [this.#fd, ...args]);
    const answer = this.#hook.async({ name, path: this.#path, style: 'async' }, steps);
    this.#pending += 1;
    answer.then(this.#finish, this.#finish);
    return answer;
  }

  readonly #finish = () => {
    this.#pending -= 1;
    if (this.#pending === 0) this.#closing?.begin();
  };

  async #close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = -1;
    const steps = stepsOf('close', 'promise', this.#fs, [fd]);
    this.emit('close');
    await this.#hook.async({ name: 'close', path: this.#path, style: 'async' }, steps);
  }

  /** Streams take functions with callbacks, on a descriptor. */
  #streamOptions(options: StreamOptions): StreamOptions & { readonly fd: number } {
    type Callback = (error: unknown, count?: unknown, data?: unknown) => void;
    const tell = (moved: Promise<unknown>, callback: Callback) => {
      moved.then(
        (answer) => {
          const [count, data] = Object.values(answer ?? {});
          process.nextTick(callback, null, count, data);
        },
        (error) => process.nextTick(callback, error),
      );
    };
    const fs = {
      open: () => {
        throw notSimulated('open', this.#path);
      },
      read: (_fd: number, ...args: unknown[]) =>
        tell(this.read(...args.slice(0, -1)), args.at(-1) as Callback),
      write: (_fd: number, ...args: unknown[]) =>
        tell(this.write(...args.slice(0, -1)), args.at(-1) as Callback),
      writev: (_fd: number, ...args: unknown[]) =>
        tell(this.writev(...args.slice(0, -1)), args.at(-1) as Callback),
      fsync: (_fd: number, callback: Callback) => tell(this.sync(), callback),
      close: (_fd: number, callback: Callback) => tell(this.close(), callback),
    };
    return { ...options, fd: this.#fd, fs };
  }
}
