import { ARGUMENT_INVALID, type ErrorCode, HoldfastError } from '../errors.ts';

/** A failure with the exit status and the words that the user gets. */
export class Failure extends Error {
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** An argument that parses and is wrong all the same. */
export function invalidArgument(message: string): Failure {
  return new Failure(4, `Invalid arguments: ${message}`);
}

/** The status of codes that have one of their own; every other code is 6. */
const statusByCode: { readonly [C in ErrorCode]?: number } = {
  PATH_UNRELATED: 1,
  STICKY_FIELD: 1,
  LOCK_TIMEOUT: 2,
  STORE_MISSING: 3,
  CONFIG_NOT_FOUND: 4,
  CONFIG_INVALID: 7,
};

/** Turns whatever was thrown into what the user gets. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof HoldfastError) {
    const status = statusByCode[error.code] ?? 6;
    if (status === 3) {
      return new Failure(3, 'Data directory not found (use --data-dir or enable auto-init)');
    }
    return status === 4 ? invalidArgument(error.message) : new Failure(status, error.message);
  }
  if (!(error instanceof Error)) return new Failure(6, String(error));
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (code === ARGUMENT_INVALID) return invalidArgument(error.message);
  if (syscall !== undefined) return new Failure(5, `I/O error: ${error.message}`);
  // Whatever else was thrown, nobody meant to throw it.
  const isShown = process.env.HOLDFAST_DEBUG !== undefined;
  const trace = isShown
    ? `\n${error.stack}`
    : ' (a fault of holdfast; HOLDFAST_DEBUG=1 shows where)';
  return new Failure(6, `internal error: ${error.message}${trace}`);
}
