import { readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { prepareDirectory } from '../engine/files.ts';
import { wrongArgument } from '../errors.ts';

const OLD_MS = 24 * 60 * 60 * 1000;
const LOCK = /^(\d+)-.*\.lock$/;

/**
 * Where the lock of a vault in memory lies. All threads of this process that say the same name share
 * the vault; of a process that is gone the file is removed by the next one.
 */
export function ephemeralLock(name: string): string {
  if (!/^[\w-]{1,64}$/.test(name)) {
    throw wrongArgument('range', `the name of an ephemeral vault is 1 to 64 of A-Z a-z 0-9 _ -`);
  }
  const directory = join(tmpdir(), `holdfast-ephemeral-${userInfo().uid}`);
  prepareDirectory(directory);
  sweep(directory);
  const file = join(directory, `${process.pid}-${name}.lock`);
  if (isMainThread) removeAtExit(file);
  return file;
}

/** Files of this process, removed when it ends. */
const own = new Set<string>();

function removeAtExit(file: string): void {
  if (own.size === 0) {
    process.once('exit', () => {
      for (const one of own) rmSync(one, { force: true });
    });
  }
  own.add(file);
}

function sweep(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = Number(LOCK.exec(name)?.[1] ?? process.pid);
    const file = join(directory, name);
    if (!isAlive(pid) && isOld(file)) rmSync(file, { force: true });
  }
}

/** A number that means nothing here may be a process of another container. */
function isOld(file: string): boolean {
  const writtenAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - writtenAt > OLD_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
