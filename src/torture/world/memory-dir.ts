import type { Dirent } from 'node:fs';
import type { FsHook, Steps } from './fs-call.ts';
import { OneStep } from './memory-calls.ts';
import type { MemoryFs } from './memory-fs.ts';
import { lookup, readdir } from './namespace.ts';
import { direntOf } from './stats.ts';

type Callback = (error: unknown, entry?: unknown) => void;

/** Steps of `opendir`: that it is a directory is seen now, what is in it when it is first read. */
export function opendir(fs: MemoryFs, hook: FsHook, path: string): Steps {
  return new OneStep(
    () => {
      const inode = lookup(fs.disk, path, 'always', 'opendir');
      if (!inode.isDirectory) readdir(fs.disk, path, 'opendir');
      return new MemoryDir(fs, hook, path);
    },
    fs,
    [],
  );
}

/** The `Dir` of a simulated directory. */
class MemoryDir {
  readonly path: string;
  readonly #fs: MemoryFs;
  readonly #hook: FsHook;
  #left: Dirent[] | undefined;
  #isOpen = true;

  constructor(fs: MemoryFs, hook: FsHook, path: string) {
    this.path = path;
    this.#fs = fs;
    this.#hook = hook;
  }

  read(callback?: Callback): Promise<unknown> | undefined {
    return this.#answer('readdir', () => this.readSync(), callback);
  }

  readSync(): Dirent | null {
    this.#mustBeOpen();
    this.#left ??= readdir(this.#fs.disk, this.path).map(([name, inode]) =>
      direntOf(name, inode, this.path),
    );
    return this.#left.shift() ?? null;
  }

  close(callback?: Callback): Promise<unknown> | undefined {
    return this.#answer('close', () => this.closeSync(), callback);
  }

  closeSync(): void {
    this.#mustBeOpen();
    this.#isOpen = false;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Dirent> {
    try {
      for (;;) {
        const entry = await this.read();
        if (entry === null) return;
        yield entry as Dirent;
      }
    } finally {
      if (this.#isOpen) await this.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpen) await this.close();
  }

  [Symbol.dispose](): void {
    if (this.#isOpen) this.closeSync();
  }

  #mustBeOpen(): void {
    if (this.#isOpen) return;
    throw Object.assign(new Error('Directory handle was closed'), { code: 'ERR_DIR_CLOSED' });
  }

  #answer(
    name: string,
    perform: () => unknown,
    callback: Callback | undefined,
  ): Promise<unknown> | undefined {
    const call = { name, path: this.path, style: 'async' } as const;
    const answer = this.#hook.async(call, new OneStep(perform, this.#fs, []));
    if (callback === undefined) return answer;
    answer.then(
      (value) => process.nextTick(callback, null, value),
      (error) => process.nextTick(callback, error),
    );
    return undefined;
  }
}
