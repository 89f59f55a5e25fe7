import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * When a command is killed: that long after it has opened the database (where /proc shows that, else
 * after its start), or after what it writes can be read.
 */
export interface Kill {
  readonly when: 'opened' | 'stored';
  readonly afterMs: number;
}

/** What a command works on. */
export interface Target {
  readonly database: string;
  readonly path: string;
}

/**
 * Kills a command in the middle of its work, unless `signal` says that it has ended. By the clock
 * alone nearly all would die while Node starts, when there is nothing to break yet.
 */
export async function killCommand(
  child: ChildProcess,
  { when, afterMs }: Kill,
  target: Target,
  signal: AbortSignal,
): Promise<void> {
  const isTime = when === 'stored' ? () => isStored(target) : () => hasOpened(child.pid);
  while (!signal.aborted && !isTime()) await pause(LOOK_MS);
  if (afterMs > 0) await pause(afterMs);
  if (!signal.aborted) child.kill('SIGKILL');
}

const LOOK_MS = 4;

function hasOpened(pid: number | undefined): boolean {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).some((fd) => readlinkSync(`${directory}/${fd}`).endsWith('.db'));
  } catch {
    // A descriptor that was closed meanwhile says nothing.
    return !existsSync('/proc/self/fd');
  }
}

function isStored({ database, path }: Target): boolean {
  if (!existsSync(database)) return false;
  using reader = new DatabaseSync(database, { readOnly: true });
  try {
    return reader.prepare('SELECT 1 FROM reservations WHERE path = ?').get(path) !== undefined;
  } catch {
    // No table yet.
    return false;
  }
}
