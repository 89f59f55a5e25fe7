/**
 * Every way in which Holdfast itself can fail. Codes are stable, messages are not.
 * Each has a heading in `docs/errors.md`.
 */
export type ErrorCode =
  // engine
  | 'CLOSED'
  | 'LOCK_TIMEOUT'
  | 'COMMIT_UNKNOWN'
  | 'SCHEMA_TOO_NEW'
  | 'SQLITE_TOO_OLD'
  | 'NETWORK_FILESYSTEM'
  | 'UNSAFE_DIRECTORY'
  | 'STORE_MISSING'
  | 'STORE_REPLACED'
  | 'NOT_A_STORE'
  | 'READ_ONLY'
  | 'DISK_FULL'
  | 'IO_ERROR'
  | 'CORRUPT'
  | 'CONSTRAINT'
  | 'SQL_ERROR'
  // ports
  | 'PORTS_EXHAUSTED'
  | 'PATH_UNRELATED'
  | 'PATH_INVALID'
  | 'STICKY_FIELD'
  | 'CONFLICT'
  | 'NOT_FOUND'
  | 'PROBE_FAILED'
  | 'PORT_IN_USE'
  // vault
  | 'UNLOCK_FAILED'
  | 'KEY_STATE'
  | 'KEY_EXPIRED'
  | 'DECRYPT_FAILED'
  | 'TAMPERED'
  | 'FORMAT_INVALID'
  | 'KDF_LIMITS'
  // tasks
  | 'ILLEGAL_TRANSITION'
  | 'DETACHED'
  | 'BUDGET_EXCEEDED'
  // configuration
  | 'CONFIG_INVALID'
  | 'CONFIG_NOT_FOUND'
  // torture
  | 'DECLARATION_INVALID'
  | 'WORKER_FAILED';

/** `code` of a `TypeError` or `RangeError` about an argument: it tells a caller's fault from ours. */
export const ARGUMENT_INVALID = 'ARGUMENT_INVALID';

/** A wrong argument: `TypeError` for the wrong kind of thing, `RangeError` for the wrong value. */
export function wrongArgument(kind: 'type' | 'range', message: string): TypeError | RangeError {
  const error = kind === 'type' ? new TypeError(message) : new RangeError(message);
  return Object.assign(error, { code: ARGUMENT_INVALID });
}

/**
 * The one error class of Holdfast. The message says what was attempted and with what value;
 * `cause` holds the driver's or the system's own error where there is one. A wrong argument is a
 * `TypeError` or `RangeError` instead, and an aborted wait rejects with the signal's reason.
 */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
