import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { type Snapshot, takeSnapshot } from './file.ts';

/** Files that we create are the user's own. */
const NEW_FILE_MODE = 0o600;

/** No edit takes that long: an older temporary file is what a killed process left behind. */
const ABANDONED_MS = 60_000;

/**
 * Puts `text` in the place of what was `seen` in `file` (undefined: that there was no file).
 * Answers false, and changes nothing, when something else is there by now. After a crash the old
 * content is there or the new, never a part; the new one survives a loss of power once this
 * returned. Mode and owner stay; links must have been followed.
 * @throws READ_ONLY, DISK_FULL, IO_ERROR
 */
export function replaceFile(file: string, text: string, seen: Snapshot | undefined): boolean {
  const temporary = temporaryBeside(file);
  try {
    removeAbandoned(file);
    writeNew(temporary, text, seen);
    if (takeSnapshot(file)?.identity !== seen?.identity) return false;
    renameSync(temporary, file);
    syncDirectory(dirname(file));
    return true;
  } catch (error) {
    throw asStoreError(file, error);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function temporaryBeside(file: string): string {
  const unique = `${process.pid}-${process.getBuiltinModule('node:worker_threads').threadId}-${process.hrtime.bigint()}`;
  return join(dirname(file), `.${basename(file)}.${unique}.tmp`);
}

function removeAbandoned(file: string): void {
  const directory = dirname(file);
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(`.${basename(file)}.`) || !/\.\d+-\d+-\d+\.tmp$/.test(name)) continue;
    const path = join(directory, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && Date.now() - found.mtimeMs > ABANDONED_MS) rmSync(path, { force: true });
  }
}

function writeNew(file: string, text: string, like: Snapshot | undefined): void {
  const fd = openSync(file, 'wx', NEW_FILE_MODE);
  try {
    writeFileSync(fd, text);
    if (like) {
      // Only root can give files away; others keep an edited file as their own.
      if (process.getuid?.() === 0) fchownSync(fd, like.uid, like.gid);
      fchmodSync(fd, like.mode & 0o7777);
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function asStoreError(file: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof HoldfastError || code === undefined) return error;
  const isReadOnly = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new HoldfastError(
    isReadOnly ? 'READ_ONLY' : isFull ? 'DISK_FULL' : 'IO_ERROR',
    `cannot write configuration file ${file}: ${message}`,
    { cause: error },
  );
}
