import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { HoldfastError } from '../errors.ts';
import { monotonicMs } from './clock.ts';
import { decodeEpoch, EPOCH_BYTES, EPOCH_OFFSET, NO_EPOCH } from './epoch.ts';

/** The part of `fs-native-extensions` that we use. Locks belong to the open file description. */
interface KernelLocks {
  tryLock(fd: number): boolean;
  waitForLock(fd: number): Promise<void>;
  unlock(fd: number): void;
}

let threadNumber: number | undefined;

/** Not imported at the top: a process that only reads need not load what is behind it. */
function thisThread(): number {
  threadNumber ??= process.getBuiltinModule('node:worker_threads').threadId;
  return threadNumber;
}

let kernelLocks: KernelLocks | undefined;

/** Loaded at the first write: reading a store needs no lock and should not pay for an addon. */
function kernel(): KernelLocks {
  kernelLocks ??= createRequire(import.meta.url)('fs-native-extensions') as KernelLocks;
  return kernelLocks;
}

/*
 * What a holder writes at the start of the lock file (the kernel's own table shows pid -1):
 *   offset 0 · 4 · process id      offset 4 · 4 · thread id      offset 8 · 8 · acquired at, epoch ms (f64)
 * and behind it the epoch, see there.
 */
const HOLDER_BYTES = EPOCH_OFFSET;

/**
 * A holder that finds itself named, since no longer than this, leaves it at that: a write costs 2 µs,
 * a twentieth of a small commit. Well below STALLED_MS, so that who waits sees the lock move.
 */
const NAMED_MS = 20;

/**
 * A kernel wait cannot be cancelled, and while it lasts the process cannot exit. It is begun only
 * while the lock visibly changes hands; behind a holder that has kept it longer (a stopped
 * process) we poll, which can be given up.
 */
const STALLED_MS = 100;

/** Pause between two looks at a lock whose holder is stalled. */
const POLL_MS = 5;

/** The same while the thread is blocked for it. */
const LAST_POLL_MS = 1;

/** Stands for a descriptor where the file is gone. */
const NO_FILE = -1;

/** What this thread has open. */
const open = new Set<WriterLock>();

function letGoOfAll(): void {
  for (const lock of open) lock.letGo();
}

export interface LockHolder {
  readonly pid: number;
  readonly threadId: number;
  /** Epoch ms. */
  readonly since: number;
}

/**
 * The writer lock of one store: a kernel lock on a file of its own (never on the database file:
 * closing any descriptor of that drops SQLite's locks). It dies with the process that holds it.
 * One instance is one open file description, so two instances in one process exclude each other.
 */
export class WriterLock {
  readonly #file: string;
  #fd: number;
  readonly #header = Buffer.alloc(EPOCH_OFFSET + EPOCH_BYTES);
  readonly #words = new Uint32Array(this.#header.buffer, this.#header.byteOffset, 6);
  #epoch = NO_EPOCH;
  #held = false;
  /** At most one outstanding: each keeps a thread of the pool. */
  #kernelWait: Promise<void> | undefined;
  #granted = false;
  #wanted = false;
  #closed = false;

  constructor(file: string) {
    this.#file = file;
    this.#fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    if (open.size === 0) process.on('exit', letGoOfAll);
    open.add(this);
  }

  /** Takes the lock if it is free. */
  tryAcquire(): boolean {
    // The kernel grants a lock to its holder again, and to the descriptor of an outstanding wait;
    // the first of two ends would then unlock it under the other.
    if (this.#held || this.#kernelWait || !kernel().tryLock(this.#fd)) return false;
    this.#enter();
    return true;
  }

  /**
   * Waits until `deadline` (on the clock of `monotonicMs()`) or until `signal` aborts, without
   * blocking the event loop. Answers whether the lock was taken. A wait that was given up is
   * resumed by the next call, and released as soon as it is granted when no call wants it.
   */
  async acquire(deadline: number, signal?: AbortSignal): Promise<boolean> {
    if (this.tryAcquire()) return true;
    this.#wanted = true;
    try {
      while (!signal?.aborted) {
        const left = deadline - monotonicMs();
        if (left <= 0) return false;
        if (this.#kernelWait || this.#isMoving()) {
          await settlesWithin(this.#waitInKernel(), left, signal);
          if (this.#takeGrant()) return true;
        } else {
          await pause(Math.min(left, POLL_MS), signal);
          if (this.tryAcquire()) return true;
        }
      }
      return false;
    } finally {
      this.#wanted = false;
    }
  }

  /**
   * For the end of the process: waits until `deadline` without letting the event loop turn. A wait
   * that is outstanding, or granted and not yet heard of, is no obstacle as it is in `tryAcquire`:
   * it is of the same open file, to which the kernel grants the lock again, and what would act upon
   * its grant, and unlock under us, runs in a turn of the event loop, of which there is none left.
   * What it may be granted after our release ends with the process.
   */
  acquireNow(deadline: number): boolean {
    while (!this.#held) {
      if (this.#fd === NO_FILE) return false;
      if (kernel().tryLock(this.#fd)) this.#enter();
      else if (monotonicMs() >= deadline) return false;
      else sleepNow(LAST_POLL_MS);
    }
    return true;
  }

  release(): void {
    this.#held = false;
    kernel().unlock(this.#fd);
  }

  /** The epoch when the lock was taken; nobody else moves it while it is held. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Who holds the lock now, by what the holder wrote; undefined when it is free. */
  holder(): LockHolder | undefined {
    if (this.tryAcquire()) {
      this.release();
      return undefined;
    }
    return readHolder(this.#fd);
  }

  /** Describes the holder for an error message. */
  describeHolder(): string {
    const holder = readHolder(this.#fd);
    if (!holder) return 'holder unknown';
    const seconds = Math.max(0, (Date.now() - holder.since) / 1000).toFixed(1);
    return `held by process ${holder.pid} for ${seconds} s`;
  }

  /** Whether the lock file was deleted or replaced, which would let two writers in at once. */
  isDetached(): boolean {
    return fstatSync(this.#fd).nlink === 0;
  }

  /**
   * For the end of the process, which waits for its other threads: what this one holds, or is still
   * to be granted, is nobody's from now on, or one of them would wait for it for ever. The kernel
   * takes a lock back with its open file; a wait that is granted later ends with it.
   */
  letGo(): void {
    if (!this.#held && !this.#kernelWait) return;
    const former = this.#fd;
    this.#held = false;
    this.#kernelWait = undefined;
    try {
      // Who writes in a listener after this one needs it. The old number is not given anew.
      this.#fd = openSync(this.#file, constants.O_RDWR);
    } catch {
      this.#fd = NO_FILE;
    }
    closeSync(former);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Closing a descriptor that a thread waits on would hand its number to the next open.
    if (!this.#kernelWait) this.#closeFile();
  }

  #closeFile(): void {
    closeSync(this.#fd);
    open.delete(this);
    if (open.size === 0) process.off('exit', letGoOfAll);
  }

  toString(): string {
    return this.#file;
  }

  #enter(): void {
    this.#held = true;
    const bytes = readSync(this.#fd, this.#header, 0, this.#header.length, 0);
    this.#epoch = bytes === this.#header.length ? decodeEpoch(this.#words, 4) : NO_EPOCH;
    const now = Date.now();
    const isNamed = this.#words[0] === process.pid && this.#words[1] === thisThread();
    if (isNamed && Math.abs(now - this.#header.readDoubleLE(8)) < NAMED_MS) return;
    this.#words[0] = process.pid;
    this.#words[1] = thisThread();
    this.#header.writeDoubleLE(now, 8);
    try {
      writeSync(this.#fd, this.#header, 0, HOLDER_BYTES, 0);
    } catch {
      // A full disk, perhaps. The header serves messages only; the lock itself is the kernel's.
    }
  }

  #waitInKernel(): Promise<void> {
    if (this.#kernelWait) return this.#kernelWait;
    this.#kernelWait = kernel()
      .waitForLock(this.#fd)
      .then(
        () => {
          this.#granted = true;
          if (!this.#wanted) this.#giveBack();
        },
        (error: unknown) => {
          this.#kernelWait = undefined;
          if (this.#closed) this.#closeFile();
          throw error;
        },
      );
    // A wait that was given up has nobody to tell.
    this.#kernelWait.catch(() => undefined);
    return this.#kernelWait;
  }

  #takeGrant(): boolean {
    if (!this.#granted) return false;
    this.#granted = false;
    this.#kernelWait = undefined;
    this.#enter();
    return true;
  }

  #giveBack(): void {
    this.#granted = false;
    this.#kernelWait = undefined;
    kernel().unlock(this.#fd);
    if (this.#closed) this.#closeFile();
  }

  #isMoving(): boolean {
    const holder = readHolder(this.#fd);
    return holder !== undefined && Math.abs(Date.now() - holder.since) < STALLED_MS;
  }
}

/** @throws READ_ONLY, IO_ERROR */
export function openLock(file: string): WriterLock {
  try {
    return new WriterLock(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new HoldfastError(
      code === 'EACCES' || code === 'EROFS' || code === 'EPERM' ? 'READ_ONLY' : 'IO_ERROR',
      `cannot open the writer lock ${file}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function readHolder(fd: number): LockHolder | undefined {
  const header = Buffer.alloc(HOLDER_BYTES);
  if (readSync(fd, header, 0, HOLDER_BYTES, 0) < HOLDER_BYTES) return undefined;
  return {
    pid: header.readUInt32LE(0),
    threadId: header.readUInt32LE(4),
    since: header.readDoubleLE(8),
  };
}

/** What the holder of a lock file wrote, for `doctor`; undefined when the file is free or absent. */
export function lockHolder(file: string): LockHolder | undefined {
  const lock = new WriterLock(file);
  try {
    return lock.holder();
  } finally {
    lock.close();
  }
}

/** The error of a wait that ran out. */
export function lockTimeout(lock: WriterLock, waitedMs: number, outside: boolean): HoldfastError {
  const who = outside
    ? 'held by a program that does not take part in the lock file'
    : lock.describeHolder();
  return new HoldfastError(
    'LOCK_TIMEOUT',
    `writer lock ${lock} not free after ${Math.round(waitedMs)} ms: ${who}`,
  );
}

/** Blocks the thread. */
export function sleepNow(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

async function settlesWithin(
  wait: Promise<void>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const settled = new AbortController();
  const either = signal ? AbortSignal.any([signal, settled.signal]) : settled.signal;
  await Promise.race([wait, pause(ms, either)]).finally(() => settled.abort());
}
