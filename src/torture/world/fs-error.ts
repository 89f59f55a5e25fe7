import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';

/** Names of the system's errors: `ENOENT`. */
export type Errno = keyof typeof constants.errno;

const meanings = new Map<Errno, string>();

/** What the system says of an error. Asking it takes longer than all the rest. */
function meaningOf(code: Errno): string {
  let meaning = meanings.get(code);
  if (meaning === undefined) {
    meaning = `${code}: ${getSystemErrorMessage(-constants.errno[code])}, `;
    meanings.set(code, meaning);
  }
  return meaning;
}

/** A system error with the properties and the message that Node's own have. */
export function fsError(
  code: Errno,
  syscall: string,
  path?: string,
  dest?: string,
): NodeJS.ErrnoException {
  let message = meaningOf(code) + syscall;
  if (path !== undefined) message += ` '${path}'`;
  if (dest !== undefined) message += ` -> '${dest}'`;
  const error: NodeJS.ErrnoException & { dest?: string } = new Error(message);
  error.errno = -constants.errno[code];
  error.code = code;
  error.syscall = syscall;
  if (path !== undefined) error.path = path;
  if (dest !== undefined) error.dest = dest;
  return error;
}

/** A fault of the caller, which Node finds before it asks the system. */
export function argumentError(
  kind: 'TYPE' | 'VALUE' | 'RANGE',
  message: string,
): TypeError | RangeError {
  if (kind === 'RANGE') return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
  return Object.assign(new TypeError(message), { code: `ERR_INVALID_ARG_${kind}` });
}
