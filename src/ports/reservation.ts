import { HoldfastError } from '../errors.ts';
import { isNormalPath } from './path.ts';
import { quoted } from './wording.ts';

/** The process that a leased reservation ends with. */
export interface Lease {
  readonly pid: number;
  /** When the process started, in the platform's own text: together with `pid` it is never reused. */
  readonly startedAt: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  /** After this (epoch ms) an owner that cannot be looked at from here counts as gone. */
  readonly expiresAt: number | undefined;
}

/** One port kept for one directory and tag. */
export interface Reservation {
  readonly path: string;
  readonly tag: string | undefined;
  readonly port: number;
  readonly project: string | undefined;
  readonly task: string | undefined;
  /** Epoch ms, whole seconds: the file keeps seconds. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** Present when the reservation ends with a process. */
  readonly lease?: Lease | undefined;
}

/** Ports from `min` to `max`, both included. */
export interface PortRange {
  readonly min: number;
  readonly max: number;
}

/** A row of `reservations` before anything about it has been checked. */
export interface RawReservation {
  readonly path: unknown;
  readonly tag: unknown;
  readonly port: unknown;
  readonly project: unknown;
  readonly task: unknown;
  readonly created_at: unknown;
  readonly last_used_at: unknown;
}

/** The largest port number. */
export const PORT_MAX = 65_535;

/** The last second that a `Date` can hold; a later one could not be shown. */
export const SECOND_MAX = 8_640_000_000_000;

/** More bytes than that and a project or task is refused (trop's limit). */
export const FIELD_BYTES_MAX = 255;

// An integer beyond 2^53 makes the driver throw instead of answering a row that can be reported.
const safe = (column: string): string =>
  `CASE WHEN ${column} BETWEEN -9007199254740991 AND 9007199254740991 THEN ${column} END AS ${column}`;

/** The select list that `decodeReservation` reads. */
export const RESERVATION_COLUMNS = `path, tag, ${safe('port')}, project, task, ${safe('created_at')}, ${safe('last_used_at')}`;

/**
 * Checks every field of a stored row.
 * @throws CORRUPT naming the field and the key
 */
export function decodeReservation(row: RawReservation): Reservation {
  if (typeof row.path !== 'string' || !isNormalPath(row.path)) {
    throw corruption(
      row,
      'path',
      `expected an absolute, normalised path, found ${shown(row.path)}`,
    );
  }
  if (typeof row.tag !== 'string' || !isCleanTag(row.tag)) {
    throw corruption(row, 'tag', `expected trimmed text, found ${shown(row.tag)}`);
  }
  return decodeAt(row, row.path, row.tag);
}

/** `decodeReservation` for a row that was looked up by this very path and tag. */
export function decodeAt(row: RawReservation, path: string, tag: string): Reservation {
  return {
    path,
    tag: tag === '' ? undefined : tag,
    port: integer(row, 'port', row.port, 1, PORT_MAX),
    project: field(row, 'project', row.project),
    task: field(row, 'task', row.task),
    createdAt: integer(row, 'created_at', row.created_at, 0, SECOND_MAX) * 1000,
    lastUsedAt: integer(row, 'last_used_at', row.last_used_at, 0, SECOND_MAX) * 1000,
  };
}

function integer(
  row: RawReservation,
  name: string,
  value: unknown,
  min: number,
  max: number,
): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  const found = value === null ? 'no integer of a safe size' : shown(value);
  throw corruption(row, name, `expected an integer from ${min} to ${max}, found ${found}`);
}

function field(row: RawReservation, name: string, value: unknown): string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string' && value !== '' && isClean(value) && !isTooLong(value)) {
    return value;
  }
  throw corruption(
    row,
    name,
    `expected trimmed text of 1 to ${FIELD_BYTES_MAX} bytes, found ${shown(value)}`,
  );
}

function isCleanTag(tag: string): boolean {
  return tag === '' || isClean(tag);
}

/** Whether `text` neither begins nor ends with white space and holds no NUL. */
export function isClean(text: string): boolean {
  return !UNCLEAN.test(text);
}

const UNCLEAN = /^\p{White_Space}|\p{White_Space}$|\0/u;

/** Whether `text` takes more than 255 bytes of UTF-8. */
export function isTooLong(text: string): boolean {
  return text.length * 3 > FIELD_BYTES_MAX && Buffer.byteLength(text) > FIELD_BYTES_MAX;
}

/** What a corrupt row is reported with. The wording is trop's: scripts match it. */
export function corruption(row: RawReservation, name: string, reason: string): HoldfastError {
  return new HoldfastError(
    'CORRUPT',
    `database corruption detected: table=reservations, field=${name}, key=path=${shown(row.path)}, tag=${shown(row.tag)}: ${reason}; trop did not modify or repair the stored data`,
  );
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Uint8Array) return `a blob of ${value.byteLength} bytes`;
  return String(value);
}
