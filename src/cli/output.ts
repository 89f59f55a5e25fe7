import { writeSync } from 'node:fs';

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/**
 * Writes all of `data` to stdout or stderr before it resolves. A reader that has gone away is no
 * error, because nobody is left to tell: the answer is false then.
 */
export async function writeAll(fd: 1 | 2, data: string | Uint8Array): Promise<boolean> {
  // Not process.stdout: making the stream costs some milliseconds of every start.
  let rest = typeof data === 'string' ? Buffer.from(data) : data;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    return true;
  } catch (error) {
    if (hasCode(error, 'EPIPE')) return false;
    // The other end of a terminal or pipe may have been made non-blocking by another process.
    if (!hasCode(error, 'EAGAIN')) throw error;
    return await writeLater(fd, rest);
  }
}

function writeLater(fd: 1 | 2, rest: Uint8Array): Promise<boolean> {
  const stream = fd === 1 ? process.stdout : process.stderr;
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => {
      if (error && !hasCode(error, 'EPIPE')) reject(error);
      else resolve(!error);
    };
    stream.once('error', done);
    stream.write(rest, done);
  });
}
