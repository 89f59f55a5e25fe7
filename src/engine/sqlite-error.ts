import { type ErrorCode, HoldfastError } from '../errors.ts';

/** What `node:sqlite` throws: `errcode` is SQLite's extended result code. */
interface DriverError extends Error {
  readonly code: 'ERR_SQLITE_ERROR';
  readonly errcode: number;
  readonly errstr: string;
}

// Primary result codes, sqlite.org/rescode.html
const BUSY = 5;
const CODES: Readonly<Record<number, ErrorCode>> = {
  8: 'READ_ONLY',
  10: 'IO_ERROR',
  11: 'CORRUPT',
  13: 'DISK_FULL',
  14: 'IO_ERROR',
  19: 'CONSTRAINT',
  26: 'NOT_A_STORE',
};

/** Where the extended code says more: the file that WAL readers share could not be made larger. */
const EXTENDED_CODES: Readonly<Record<number, ErrorCode>> = { 4874: 'DISK_FULL' };

function isDriverError(error: unknown): error is DriverError {
  return error instanceof Error && (error as { code?: unknown }).code === 'ERR_SQLITE_ERROR';
}

/** Another connection holds SQLite's own lock; the one condition that is waited out. */
export function isBusy(error: unknown): boolean {
  const cause = error instanceof HoldfastError ? error.cause : error;
  return isDriverError(cause) && (cause.errcode & 0xff) === BUSY;
}

/** Turns the driver's error into ours, once. Other errors (a body's own) pass as they are. */
export function translate(error: unknown, attempt: string): unknown {
  if (error instanceof RangeError && (error as { code?: unknown }).code === 'ERR_OUT_OF_RANGE') {
    return new HoldfastError('CORRUPT', `${attempt}: a stored integer is beyond 2^53`, {
      cause: error,
    });
  }
  if (!isDriverError(error)) return error;
  const code = EXTENDED_CODES[error.errcode] ?? CODES[error.errcode & 0xff] ?? 'SQL_ERROR';
  const what = code === 'NOT_A_STORE' ? 'the file is not a database' : error.message;
  return new HoldfastError(code, `${attempt}: ${what} (SQLite ${error.errcode})`, { cause: error });
}
