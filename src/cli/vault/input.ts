import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { Failure } from '../failure.ts';
import { UsageError } from '../parse.ts';
import type { filePasswordOptions } from './file-password.ts';
import type { VaultCall } from './options.ts';

/** Of commands that read a file, with a password of its own or without. */
type InputCall = VaultCall | VaultCall<typeof filePasswordOptions>;

/** What is taken at once is in memory more than once. */
const WHOLE_BYTES_MAX = 1024 ** 3;

export const fileArgument = { name: 'FILE', help: 'File to read; stdin by default, and for -' };

/** The bytes of a file, or of stdin for `-`, as they come. */
export async function inputStream(call: InputCall, name = '-'): Promise<Readable> {
  const { cwd, options, signal } = call;
  if (name !== '-') return createReadStream(resolve(cwd, name), { signal });
  const own = 'file-password-fd' in options ? options['file-password-fd'] : undefined;
  if (options['password-fd'] === 0 || own === 0) {
    throw new UsageError('a password and the data cannot both come from descriptor 0');
  }
  if (isatty(0)) call.note('Reading from the terminal; end with Ctrl-D.');
  await call.flush();
  // Unlike a read of descriptor 0, which nothing ends before something comes.
  return addAbortSignal(signal, process.stdin);
}

/** All of them, the caller's to wipe. */
export async function inputOf(call: InputCall, name?: string): Promise<Buffer> {
  return wholeOf(await inputStream(call, name));
}

/** All bytes of a stream, whose chunks are wiped. */
export async function wholeOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > WHOLE_BYTES_MAX) {
        throw new Failure(1, `more than ${WHOLE_BYTES_MAX} bytes cannot be taken at once`);
      }
    }
    return Buffer.concat(chunks);
  } finally {
    for (const chunk of chunks) chunk.fill(0);
  }
}
