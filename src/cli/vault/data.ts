import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isatty } from 'node:tty';
import type { OptionTable } from '../command.ts';
import { Failure } from '../failure.ts';
import { writeAll } from '../output.ts';
import { UsageError } from '../parse.ts';
import type { VaultCall } from './options.ts';

/** All of it is in memory at once. */
const INPUT_BYTES_MAX = 1024 ** 3;

export const outputOptions = {
  output: { type: 'text', value: 'FILE', help: 'Write it there, with mode 0600, not to stdout' },
  force: { type: 'flag', help: 'Also where there is a file already', requires: 'output' },
} as const satisfies OptionTable;

export type OutputCall = VaultCall<typeof outputOptions>;

export const fileArgument = { name: 'FILE', help: 'File to read; stdin by default, and for -' };

/** The bytes of a file, or of stdin for `-`. */
export async function inputOf(call: VaultCall, name = '-'): Promise<Buffer> {
  const isStdin = name === '-';
  if (isStdin && call.options['password-fd'] === 0) {
    throw new UsageError('the password and the data cannot both come from descriptor 0');
  }
  if (isStdin && isatty(0)) call.note('Reading from the terminal; end with Ctrl-D.');
  if (isStdin) await call.flush();
  const source = isStdin
    ? createReadStream('', { fd: 0, autoClose: false, signal: call.signal })
    : createReadStream(resolve(call.cwd, name), { signal: call.signal });
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > INPUT_BYTES_MAX) {
      throw new Failure(1, `more than ${INPUT_BYTES_MAX} bytes cannot be taken at once`);
    }
    chunks.push(chunk);
  }
  try {
    return Buffer.concat(chunks);
  } finally {
    for (const chunk of chunks) chunk.fill(0);
  }
}

/** @throws UsageError where bytes would go to a terminal as they are */
export function refuseTerminal(what: string, instead: string): void {
  if (isatty(1)) throw new UsageError(`${what} is not for a terminal: ${instead}`);
}

/** Writes bytes to the file of `--output`, or to stdout. */
export async function putOut(call: OutputCall, bytes: Uint8Array): Promise<void> {
  const { output, force = false } = call.options;
  if (output === undefined || output === '-') {
    await call.flush();
    await writeAll(1, bytes);
    return;
  }
  const path = resolve(call.cwd, output);
  try {
    await writeWhole(path, bytes, force);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Failure(1, `there is a file already at ${path}; --force writes over it`);
  }
}

/** Under another name first: whoever finds the file finds all of it. */
async function writeWhole(path: string, bytes: Uint8Array, replaces: boolean): Promise<void> {
  const unfinished = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  const file = await open(unfinished, 'wx', 0o600);
  try {
    try {
      await file.writeFile(bytes);
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
