import { closeSync, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { HoldfastError } from '../../errors.ts';
import { locate, ParseFault } from './fields.ts';
import type { ConfigLayer } from './layer.ts';
import { type Rules, readSettings } from './schema.ts';
import { parseText, syntaxOf } from './syntax.ts';

/** Keeps the worst that a hostile text can cost a parser at about a second. */
const FILE_BYTES_MAX = 262_144;

/** How often, and how far apart, a file is read that somebody seems to be writing just now. */
const READS_MAX = 25;
const REREAD_MS = 10;

/**
 * A file changed less than this ago may be half written: truncated, and not yet filled. One that is
 * empty is read again in any case, since Linux shows the new size before the new time.
 */
const YOUNG_MS = 250;

/** The content of a file at one moment. */
export interface Snapshot {
  readonly text: string;
  /** Changes when the file is written or replaced. */
  readonly identity: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whether it changed while it was read. */
  readonly isTorn: boolean;
  /** Whether it changed so shortly ago that somebody may be in the middle of writing it. */
  readonly isYoung: boolean;
}

/**
 * The settings in a file; undefined when there is no such file.
 * @throws CONFIG_INVALID naming the file, and the key where there is one
 */
export async function readLayer(file: string, rules: Rules): Promise<ConfigLayer | undefined> {
  try {
    return await readSettled(file, async ({ text }) =>
      readSettings(await parseText(syntaxOf(file), text), rules),
    );
  } catch (error) {
    throw locate(file, error);
  }
}

/**
 * What `interpret` makes of a file. While the file looks as if it were being written (torn, or
 * changed only now and either empty or refused by `interpret`) it is read again a few times; what is then there
 * counts. Undefined when there is no such file.
 */
export async function readSettled<T>(
  file: string,
  interpret: (snapshot: Snapshot) => Promise<T>,
): Promise<T | undefined> {
  for (let reads = 1; ; reads += 1) {
    const snapshot = takeSnapshot(file);
    if (snapshot === undefined) return undefined;
    const isUnsettled = snapshot.isYoung || snapshot.isTorn || (snapshot.text === '' && reads < 3);
    const isLast = reads === READS_MAX || !isUnsettled;
    try {
      const result = await interpret(snapshot);
      if (isLast || (snapshot.text !== '' && !snapshot.isTorn)) return result;
    } catch (error) {
      if (isLast || !isRefusal(error)) throw error;
    }
    const { setTimeout: pause } = await import('node:timers/promises');
    await pause(REREAD_MS);
  }
}

/** Whether `error` says that the content of a file is not acceptable. */
export function isRefusal(error: unknown): error is Error {
  return (
    error instanceof ParseFault ||
    (error instanceof HoldfastError && error.code === 'CONFIG_INVALID')
  );
}

/** @throws ParseFault when the file is too large or not UTF-8; IO_ERROR when it cannot be read */
export function takeSnapshot(file: string): Snapshot | undefined {
  if (!isFile(file)) return undefined;
  try {
    return readOpen(openSync(file, 'r'));
  } catch (error) {
    if (error instanceof ParseFault) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const what = `cannot read configuration file ${file}: ${message}`;
    throw new HoldfastError('IO_ERROR', what, { cause: error });
  }
}

/** Whether a regular file is there and can be looked at. */
export function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    // An ancestor of the working directory that may not be entered has no file for us.
    return false;
  }
}

function readOpen(fd: number): Snapshot {
  try {
    const before = fstatSync(fd);
    if (before.size > FILE_BYTES_MAX) {
      throw new ParseFault(`larger than ${FILE_BYTES_MAX} bytes`);
    }
    const bytes = readFileSync(fd);
    const after = fstatSync(fd);
    const identity = identityOf(after);
    const { mode, uid, gid } = after;
    return {
      text: decode(bytes),
      identity,
      mode,
      uid,
      gid,
      isTorn: identity !== identityOf(before),
      isYoung: Math.abs(Date.now() - after.mtimeMs) < YOUNG_MS,
    };
  } finally {
    closeSync(fd);
  }
}

function identityOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(':');
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The reason that the decoder has is always the same.
    throw new ParseFault('not UTF-8 text');
  }
}
