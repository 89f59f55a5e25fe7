import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Why a file of a directory was not read. */
export type FileProblem = 'not-a-file' | 'too-large' | 'unreadable';

export type SmallFile =
  | { readonly bytes: Buffer }
  | { readonly problem: FileProblem; readonly cause?: unknown };

/** `open` of a symbolic link, and of a socket. */
const NOT_FILES = ['ELOOP', 'ENXIO'];

/**
 * The bytes of a regular file that is smaller than `scratch`, as a part of it. Symbolic links are
 * not followed, and nothing is waited for that is no file.
 */
export async function readSmallFile(path: string, scratch: Buffer): Promise<SmallFile> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file: FileHandle | undefined;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!(await file.stat()).isFile()) return { problem: 'not-a-file' };
    const length = await fill(file, scratch);
    if (length === scratch.length) return { problem: 'too-large' };
    return { bytes: scratch.subarray(0, length) };
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    return { problem: NOT_FILES.includes(code) ? 'not-a-file' : 'unreadable', cause };
  } finally {
    await file?.close();
  }
}

async function fill(file: FileHandle, scratch: Buffer): Promise<number> {
  let length = 0;
  while (length < scratch.length) {
    const { bytesRead } = await file.read(scratch, length, scratch.length - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
