import { randomFillSync, randomUUID } from 'node:crypto';
import { type FileHandle, link, open, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { wipe, wipeable } from '../hygiene/wipe.ts';
import { readPrivateFile } from './private-file.ts';

/** Shorter is weaker than the key that it stands for. */
const KEY_FILE_BYTES_MIN = 32;
const KEY_FILE_BYTES_MAX = 64 * 1024;

/**
 * Writes a new key file: 32 random bytes, mode 0600, on the disk before this resolves. Never over
 * what is there already. Returns the bytes, the caller's to wipe.
 * @throws CONFLICT when there is something at `path`; IO_ERROR
 */
export async function createKeyFile(path: string): Promise<Buffer> {
  const bytes = wipeable(KEY_FILE_BYTES_MIN);
  randomFillSync(bytes);
  try {
    await writeNew(path, bytes);
    return bytes;
  } catch (cause) {
    wipe(bytes);
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new HoldfastError('CONFLICT', `there is a file already at ${path}`, { cause });
    }
    const { message } = cause as Error;
    throw new HoldfastError('IO_ERROR', `cannot write the key file ${path}: ${message}`, { cause });
  }
}

/** Written under another name first: who finds a key file finds all of it. */
async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const directory = dirname(path);
  const unfinished = join(directory, `.${basename(path)}.${randomUUID()}`);
  const file = await open(unfinished, 'wx', 0o600);
  try {
    await fill(file, bytes);
    // Unlike a rename, it does not replace what is there.
    await link(unfinished, path);
  } finally {
    await unlink(unfinished);
  }
  await syncDirectory(directory);
}

async function fill(file: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * The content of a key file, the caller's to wipe: 32 bytes to 64 KiB of anything that nobody can
 * guess. A pipe will do.
 * @throws CONFIG_INVALID when others than its owner may read or change it; FORMAT_INVALID when it
 * is too short or too long; IO_ERROR
 */
export async function readKeyFile(path: string): Promise<Buffer> {
  const bytes = await readPrivateFile(path, { what: 'the key file', maxBytes: KEY_FILE_BYTES_MAX });
  if (isKeyFile(bytes)) return bytes;
  wipe(bytes);
  throw new HoldfastError(
    'FORMAT_INVALID',
    `the key file ${path} has fewer than ${KEY_FILE_BYTES_MIN} bytes`,
  );
}

/** Whether such content may be used. */
export function isKeyFile(content: Uint8Array): boolean {
  return content.length >= KEY_FILE_BYTES_MIN && content.length <= KEY_FILE_BYTES_MAX;
}
