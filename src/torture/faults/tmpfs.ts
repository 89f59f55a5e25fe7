import { execFile } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { wrongArgument } from '../../errors.ts';
import type { Skipped } from './launch-prefix.ts';

/** A file system of its own, in memory: when it is full, writing fails with ENOSPC. */
export interface SmallDisk extends AsyncDisposable {
  /** Empty; goes with all that is in it. */
  readonly dir: string;
}

/** Tmpfs counts in pages, and takes 0 for no limit at all. */
const SIZE_BYTES_MIN = 4096;

const run = promisify(execFile);

/**
 * Mounts a tmpfs of that size, rounded up to pages. That needs root.
 * @throws RangeError
 */
export async function tmpfs(sizeBytes: number): Promise<SmallDisk | Skipped> {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < SIZE_BYTES_MIN) {
    const message = `size of a tmpfs must be an integer from ${SIZE_BYTES_MIN} on`;
    throw wrongArgument('range', `${message}, not ${sizeBytes}`);
  }
  if (process.platform !== 'linux') {
    return { skipped: `only Linux has a tmpfs, and this is ${process.platform}` };
  }
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-disk-'));
  const options = `size=${sizeBytes},mode=0700`;
  try {
    await run('mount', ['-t', 'tmpfs', '-o', options, 'holdfast', dir]);
  } catch (error) {
    await rmdir(dir);
    return { skipped: `a tmpfs cannot be mounted: ${reasonOf(error)}` };
  }
  return { dir, [Symbol.asyncDispose]: () => unmount(dir) };
}

/** Lazily: a worker that is only just dying may still hold a file. */
async function unmount(dir: string): Promise<void> {
  await run('umount', ['-l', dir]);
  await rmdir(dir);
}

/** The first line that a command wrote to say why it failed, or why there was no command. */
function reasonOf(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  return stderr.trim().split('\n')[0] || String(error);
}
