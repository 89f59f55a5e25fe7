import { randomFillSync } from 'node:crypto';
import { userInfo } from 'node:os';
import { wrongArgument } from '../errors.ts';

/** Names of databases and users. */
const NAME_MAX = 255;

const JOB_ID = /^[A-Za-z0-9._:-]{1,128}$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** A database by the one spelling that the file has of it, and as it was written here. */
export interface DatabaseName {
  readonly name: string;
  readonly display: string;
}

/**
 * Unicode NFC, trimmed, lower case by Unicode's own table (of no locale).
 * @throws RangeError for one without 1 to 255 characters, or with control characters
 */
export function databaseName(text: string): DatabaseName {
  const display = cleanName('database', text);
  return { name: display.toLowerCase().normalize('NFC'), display };
}

/** Case counts: users are told apart by the system, not by us. @throws RangeError */
export function userName(text: string): string {
  return cleanName('user', text);
}

/** The user of this process, by the system; where it has no name, its number. */
export function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

/** @throws RangeError for an id that is not 1 to 128 of `A-Z a-z 0-9 . _ : -` */
export function jobId(text: string): string {
  if (typeof text === 'string' && JOB_ID.test(text)) return text;
  throw wrongArgument(
    'range',
    `a job's id has 1 to 128 of A-Z a-z 0-9 . _ : -, not ${JSON.stringify(text)?.slice(0, 140)}`,
  );
}

/** Ids of one millisecond count on from a random start, so that they sort in their order. */
let lastMs = 0;
let counter = 0;
const bytes = Buffer.alloc(16);

/**
 * A UUID of version 7 (RFC 9562, 5.7, with the counter of 6.2, method 1): 48 bits of epoch ms, a
 * counter of 12 bits, 62 random bits. Ids of one process sort in the order of their making.
 */
export function newJobId(nowMs: number = Date.now()): string {
  randomFillSync(bytes);
  if (nowMs > lastMs) {
    lastMs = nowMs;
    // Its top bit is left for counting.
    counter = bytes.readUInt16BE(6) & 0x7ff;
  } else if (counter < 0xfff) counter += 1;
  else {
    lastMs += 1;
    counter = 0;
  }
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | counter, 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  const digits = bytes.toString('hex');
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ].join('-');
}

function cleanName(what: string, text: string): string {
  if (typeof text !== 'string') throw wrongArgument('type', `a ${what}'s name is text`);
  const clean = text.normalize('NFC').trim();
  if (clean === '' || clean.length > NAME_MAX || CONTROL.test(clean)) {
    throw wrongArgument(
      'range',
      `a ${what}'s name has 1 to ${NAME_MAX} characters and no control characters: ${JSON.stringify(text.slice(0, NAME_MAX))}`,
    );
  }
  return clean;
}
