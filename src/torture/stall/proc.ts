import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A file below `/proc`; undefined where there is none, it is not ours to read, or its owner is gone. */
export function readProc(path: string): string | undefined {
  return ifThere(() => readFileSync(`/proc/${path}`, 'utf8'));
}

/** Names in a directory below `/proc`, on the same terms. */
export function listProc(path: string): readonly string[] | undefined {
  return ifThere(() => readdirSync(`/proc/${path}`));
}

/** Target of a link below `/proc`, on the same terms. */
export function linkOfProc(path: string): string | undefined {
  return ifThere(() => readlinkSync(`/proc/${path}`));
}

const GONE = new Set(['ENOENT', 'ESRCH', 'ENOTDIR', 'EACCES', 'EPERM']);

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && GONE.has(String(error.code))) return undefined;
    throw error;
  }
}
