import { fstat, read, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as passing } from 'node:timers/promises';
import { promisify } from 'node:util';
import { HoldfastError } from '../../errors.ts';
import { SecretBuilder } from '../hygiene/secret-builder.ts';
import { wipe, wipeable } from '../hygiene/wipe.ts';

interface ReadOptions {
  /** For messages: 'the key file'. */
  readonly what: string;
  readonly maxBytes: number;
}

/** All that a group and everybody may do. */
const OPEN_TO_OTHERS = 0o077;

const CHUNK_BYTES = 4096;
const RETRY_MS = 10;

/**
 * The bytes of a file that is open to nobody but its owner, or of a pipe, to its end. The caller's
 * to wipe.
 * @throws CONFIG_INVALID when others may read or change it, or it is no file or pipe;
 * FORMAT_INVALID beyond `maxBytes`; IO_ERROR
 */
export async function readPrivateFile(path: string, options: ReadOptions): Promise<Buffer> {
  const { maxBytes } = options;
  const what = `${options.what} ${path}`;
  const file = await explained(what, () => open(path, 'r'));
  try {
    // Of what is open, so that it is what is read.
    const stat = await file.stat();
    if (stat.isFile() && (stat.mode & OPEN_TO_OTHERS) !== 0) {
      const mode = (stat.mode & 0o777).toString(8);
      throw unfit(
        what,
        `others than its owner may read or change it (mode ${mode}); chmod it to 600`,
      );
    }
    return await readToEnd(file.fd, stat, { what, maxBytes });
  } finally {
    await file.close();
  }
}

/**
 * The bytes of an open descriptor, a file's or a pipe's, to its end. It stays open. The bytes are
 * the caller's to wipe.
 * @throws CONFIG_INVALID when it is no file or pipe; FORMAT_INVALID beyond `maxBytes`; IO_ERROR
 */
export async function readDescriptor(fd: number, options: ReadOptions): Promise<Buffer> {
  const { maxBytes } = options;
  const what = `${options.what} of descriptor ${fd}`;
  const stat = await explained(what, () => promisify(fstat)(fd));
  return await readToEnd(fd, stat, { what, maxBytes });
}

async function readToEnd(fd: number, stat: Stats, options: ReadOptions): Promise<Buffer> {
  const { what, maxBytes } = options;
  if (!stat.isFile() && !stat.isFIFO() && !stat.isSocket()) {
    throw unfit(what, 'it is neither a file nor a pipe');
  }
  const builder = new SecretBuilder();
  const chunk = wipeable(CHUNK_BYTES);
  try {
    for (;;) {
      const sizeBytes = await explained(what, () => readSome(fd, chunk));
      if (sizeBytes === 0) return builder.take();
      builder.append(chunk.subarray(0, sizeBytes));
      if (builder.sizeBytes > maxBytes) {
        throw new HoldfastError('FORMAT_INVALID', `${what} has more than ${maxBytes} bytes`);
      }
    }
  } finally {
    wipe(chunk);
    builder.wipe();
  }
}

async function readSome(fd: number, chunk: Buffer): Promise<number> {
  for (;;) {
    try {
      const { bytesRead } = await promisify(read)(fd, chunk, 0, chunk.length, null);
      return bytesRead;
    } catch (error) {
      // A pipe in non-blocking mode, with nothing in it yet: there is no other way to wait for it
      // that would not close it for the caller.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await passing(RETRY_MS);
    }
  }
}

async function explained<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { message } = cause as Error;
    throw new HoldfastError('IO_ERROR', `cannot read ${what}: ${message}`, { cause });
  }
}

function unfit(what: string, reason: string): HoldfastError {
  return new HoldfastError('CONFIG_INVALID', `cannot use ${what}: ${reason}`);
}
