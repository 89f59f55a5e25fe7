import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicMs } from '../engine/clock.ts';
import { WriterLock } from '../engine/lock.ts';

/** A turn takes some 5 ms. Who has had it for longer is stopped, or worse. */
const STALLED_MS = 500;

/** However many are before us. */
const PATIENCE_MS = 5000;

/**
 * Runs `body` while no other process of this user is probing or taking a reserved port. Two
 * probes of one port at one moment would each find the port taken, by the other.
 *
 * The turn is a kernel lock on a file of the user's own below the directory for temporary files,
 * not on a file of the store: ports are shared by every store of the machine. It is a courtesy:
 * without it (no writable directory, another user's probe, a stopped process that has it) a free
 * port may look taken for a moment, and nothing worse.
 */
export async function inProbeTurn<T>(body: () => Promise<T>): Promise<T> {
  const lock = openLock();
  if (!lock || !(await comesFree(lock))) return body();
  try {
    return await body();
  } finally {
    lock.release();
  }
}

async function comesFree(lock: WriterLock): Promise<boolean> {
  const deadline = monotonicMs() + PATIENCE_MS;
  while (monotonicMs() < deadline) {
    if (await lock.acquire(monotonicMs() + STALLED_MS)) return true;
    const holder = lock.holder();
    if (holder && Date.now() - holder.since > STALLED_MS) return false;
  }
  return false;
}

let opened: WriterLock | undefined;

function openLock(): WriterLock | undefined {
  // Cleaners of temporary directories delete what looks old.
  if (opened?.isDetached() === false) return opened;
  opened?.close();
  opened = undefined;
  const directory = ownDirectory();
  if (directory === undefined) return undefined;
  try {
    opened = new WriterLock(join(directory, 'probe.lock'));
  } catch {
    // A full disk, or a file of that name that is not ours to write: no turns.
  }
  return opened;
}

/** A directory that nobody else can put a link into; undefined when there is none to be had. */
function ownDirectory(): string | undefined {
  const user = process.getuid?.() ?? 0;
  const directory = join(tmpdir(), `holdfast-${user}`);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch {
    // It exists, or cannot: the next look tells.
  }
  const found = lstatSync(directory, { throwIfNoEntry: false });
  const isOwn = found?.isDirectory() && found.uid === user && (found.mode & 0o022) === 0;
  return isOwn ? directory : undefined;
}
