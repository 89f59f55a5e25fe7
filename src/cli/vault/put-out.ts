import { randomUUID } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isatty } from 'node:tty';
import type { OptionTable } from '../command.ts';
import { Failure } from '../failure.ts';
import { writeAll } from '../output.ts';
import { UsageError } from '../parse.ts';
import type { VaultCall } from './options.ts';

export const outputOptions = {
  output: { type: 'text', value: 'FILE', help: 'Write it there, with mode 0600, not to stdout' },
  force: { type: 'flag', help: 'Also where there is a file already', requires: 'output' },
} as const satisfies OptionTable;

export type OutputCall = VaultCall<typeof outputOptions>;

/** Bytes in one piece or in many. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** @throws UsageError where bytes would go to a terminal as they are */
export function refuseTerminal(what: string, instead: string): void {
  if (isatty(1)) throw new UsageError(`${what} is not for a terminal: ${instead}`);
}

/**
 * Writes bytes to the file of `--output`, where they are seen all at once or not at all, or to stdout
 * as they come; false when nobody reads that any more.
 */
export async function putOut(call: OutputCall, chunks: Chunks): Promise<boolean> {
  const { output, force = false } = call.options;
  if (output === undefined || output === '-') {
    await call.flush();
    for await (const chunk of chunks) {
      if (!(await writeAll(1, chunk))) return false;
    }
    return true;
  }
  const path = resolve(call.cwd, output);
  try {
    await writeWhole(path, chunks, force);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Failure(1, `there is a file already at ${path}; --force writes over it`);
  }
}

/** Under another name first: whoever finds the file finds all of it. */
async function writeWhole(path: string, chunks: Chunks, replaces: boolean): Promise<void> {
  const unfinished = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  const file = await open(unfinished, 'wx', 0o600);
  try {
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    // Unlike a rename, a link does not replace what is there.
    if (replaces) await rename(unfinished, path);
    else await link(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}
