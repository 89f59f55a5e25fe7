import type { FileHandle } from 'node:fs/promises';
import { HoldfastError } from '../../errors.ts';
import type { AuditRecord } from './event.ts';

/** More than is written between two syncs: what is before it no crash has damaged. */
const TAIL_BYTES = 1024 * 1024;

const BEGINNING = '{"sequence":';
const NEWLINE = 0x0a;

/**
 * The last record of a file of JSON lines, after taking away what a crash has left behind it.
 * @throws FORMAT_INVALID for a file of something else, which stays as it is
 */
export async function lastRecord(
  handle: FileHandle,
  path: string,
): Promise<AuditRecord | undefined> {
  const { size } = await handle.stat();
  const from = Math.max(0, size - TAIL_BYTES);
  const tail = await readFrom(handle, from, size - from);
  // In the middle of a line, maybe.
  const first = from === 0 ? 0 : tail.indexOf(NEWLINE) + 1;
  const { last, end } = wholeLines(tail, first);
  if (end === tail.length) return last;
  if (last === undefined && !(from === 0 && isBeginning(tail))) {
    throw new HoldfastError('FORMAT_INVALID', `${path} is no file of audit records`);
  }
  await handle.truncate(from + end);
  await handle.datasync();
  return last;
}

/** The last of the records that follow each other without a gap, and where its line ends. */
function wholeLines(
  tail: Buffer,
  first: number,
): { readonly last: AuditRecord | undefined; readonly end: number } {
  let [last, end] = [undefined as AuditRecord | undefined, first];
  for (;;) {
    const newline = tail.indexOf(NEWLINE, end);
    const record = newline < 0 ? undefined : recordOf(tail.toString('utf8', end, newline));
    const isNext = last === undefined || record?.sequence === last.sequence + 1;
    if (record === undefined || !isNext) return { last, end };
    last = record;
    end = newline + 1;
  }
}

function recordOf(line: string): AuditRecord | undefined {
  try {
    const { sequence, at, event } = JSON.parse(line);
    const isRecord = Number.isSafeInteger(sequence) && typeof event?.kind === 'string';
    return isRecord ? { sequence, at, event } : undefined;
  } catch {
    // Torn, or something else.
    return undefined;
  }
}

/** Whether a first line may be torn so. */
function isBeginning(tail: Buffer): boolean {
  const text = tail.toString('latin1', 0, BEGINNING.length);
  return BEGINNING.startsWith(text);
}

async function readFrom(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await handle.read(buffer, at, length - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return buffer.subarray(0, at);
}
