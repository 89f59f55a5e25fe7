import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openLock, pause, type WriterLock } from '../../engine/lock.ts';
import { type ErrorCode, HoldfastError } from '../../errors.ts';
import type { AuditRecord } from './event.ts';
import { lastRecord } from './file-tail.ts';
import type { AuditSink, Begun } from './follow.ts';

/** How often a follower of a file that has one looks whether it still has. */
const STANDBY_MS = 100;

const MODE = 0o600;

/**
 * A file of JSON lines, one for each record, 0600 where it is made. It is synced before more is asked
 * for. Its last line says how far it is; a line that was torn is taken away and written again. Of all
 * processes that follow into it one does, and the others wait for their turn (`<path>.lock`).
 */
export class FileSink implements AuditSink {
  readonly path: string;
  #lock: WriterLock | undefined;
  #handle: FileHandle | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws FORMAT_INVALID for a file of something else; READ_ONLY, DISK_FULL, IO_ERROR */
  async begin(stop: AbortSignal): Promise<Begun | undefined> {
    const lock = await this.#turn(stop);
    if (lock === undefined) return undefined;
    this.#lock = lock;
    const handle = await this.#attempt(() => open(this.path, 'a+', MODE));
    this.#handle = handle;
    return { last: await this.#attempt(() => lastRecord(handle, this.path)) };
  }

  /** @throws STORE_REPLACED when the file or its lock was moved or removed meanwhile; DISK_FULL, IO_ERROR */
  async write(records: readonly AuditRecord[]): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) throw new HoldfastError('CLOSED', `${this.path} is not open`);
    await this.#requireSame(handle);
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    await this.#attempt(async () => {
      await handle.appendFile(lines);
      await handle.datasync();
    });
  }

  async end(): Promise<void> {
    const [handle, lock] = [this.#handle, this.#lock];
    this.#handle = undefined;
    this.#lock = undefined;
    try {
      await handle?.close();
    } finally {
      lock?.close();
    }
  }

  /** Undefined when it was stopped before. */
  async #turn(stop: AbortSignal): Promise<WriterLock | undefined> {
    const path = await this.#attempt(() => made(this.path));
    const lock = openLock(`${path}.lock`);
    while (!lock.tryAcquire()) {
      if (stop.aborted) {
        lock.close();
        return undefined;
      }
      await pause(STANDBY_MS, stop);
    }
    return lock;
  }

  async #requireSame(handle: FileHandle): Promise<void> {
    const [ours, found] = await this.#attempt(() =>
      Promise.all([handle.stat(), stat(this.path).catch(() => undefined)]),
    );
    const isHere = found?.ino === ours.ino && found.dev === ours.dev;
    if (isHere && !this.#lock?.isDetached()) return;
    throw new HoldfastError('STORE_REPLACED', `${this.path} or its lock was moved or removed`);
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw cause instanceof HoldfastError ? cause : translated(this.path, cause as Error);
    }
  }
}

/** A file that is there, after a loss of power too, and its one path, by whatever link it was found. */
async function made(path: string): Promise<string> {
  const file = await open(path, 'a+', MODE);
  await file.close();
  const found = await realpath(path);
  const directory = await open(dirname(found));
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
  return found;
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  ...{ ENOSPC: 'DISK_FULL', EDQUOT: 'DISK_FULL' },
  ...{ EACCES: 'READ_ONLY', EPERM: 'READ_ONLY', EROFS: 'READ_ONLY' },
};

function translated(path: string, cause: NodeJS.ErrnoException): HoldfastError {
  const code = CODES[cause.code ?? ''] ?? 'IO_ERROR';
  return new HoldfastError(code, `cannot follow into ${path}: ${cause.message}`, { cause });
}
