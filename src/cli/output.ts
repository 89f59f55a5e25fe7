import { writeSync } from 'node:fs';

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/**
 * Writes all of `text` to stdout or stderr before it resolves. A reader that has gone away is no
 * error: nobody is left to tell.
 */
export async function writeAll(fd: 1 | 2, text: string): Promise<void> {
  // Not process.stdout: making the stream costs some milliseconds of every start.
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch (error) {
    if (hasCode(error, 'EPIPE')) return;
    // The other end of a terminal or pipe may have been made non-blocking by another process.
    if (!hasCode(error, 'EAGAIN')) throw error;
    await writeLater(fd, rest);
  }
}

function writeLater(fd: 1 | 2, rest: Buffer): Promise<void> {
  const stream = fd === 1 ? process.stdout : process.stderr;
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => {
      if (error && !hasCode(error, 'EPIPE')) reject(error);
      else resolve();
    };
    stream.once('error', done);
    stream.write(rest, done);
  });
}
