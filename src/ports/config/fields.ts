import { HoldfastError } from '../../errors.ts';
import { quoted } from '../wording.ts';

/** A document that cannot be understood: bad syntax, an unknown key, a value of the wrong kind. */
export class ParseFault extends Error {
  override readonly name = 'ParseFault';
}

/** The error of a value that was understood and is not allowed. `key` is its path in the document. */
export function violation(key: string, reason: string): HoldfastError {
  return new HoldfastError('CONFIG_INVALID', `validation error for '${key}': ${reason}`);
}

/** Runs `read`, and adds to its error the file or variable that the value came from. */
export function fromSource<T>(source: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw locate(source, error);
  }
}

/** The error of `fromSource`. */
export function locate(source: string, error: unknown): unknown {
  if (error instanceof ParseFault) {
    const message = `Parse error in ${source}: ${error.message}`;
    return new HoldfastError('CONFIG_INVALID', message, { cause: error });
  }
  if (!(error instanceof HoldfastError) || error.code !== 'CONFIG_INVALID') return error;
  return new HoldfastError('CONFIG_INVALID', `${error.message} (in ${source})`, { cause: error });
}

/** The members of a mapping, null standing for absent as trop writes it. */
export function readMapping(
  key: string,
  value: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  const members = readEntries(key, value);
  const unknown = members.find(([name]) => !known.includes(name));
  if (unknown) throw fault(key, `unknown key ${quoted(unknown[0].slice(0, SHOWN_LENGTH_MAX))}`);
  return Object.fromEntries(members.filter(([, member]) => member !== null));
}

/** As much of an unknown key as a message repeats. */
const SHOWN_LENGTH_MAX = 60;

/** The members of a mapping whose keys are names that the user chose. */
export function readEntries(key: string, value: unknown): [string, unknown][] {
  // TOML has dates, which are objects too.
  const isMapping = !Array.isArray(value) && !(value instanceof Date);
  if (typeof value === 'object' && value !== null && isMapping) return Object.entries(value);
  throw fault(key, 'expected a mapping of keys to values');
}

export function readList(key: string, value: unknown): readonly unknown[] | undefined {
  if (value === undefined || Array.isArray(value)) return value;
  throw fault(key, 'expected a list');
}

export function readFlag(key: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw fault(key, 'expected true or false');
}

export function readText(key: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw fault(key, 'expected text');
}

/** A whole number from `min` to `max`. */
export function readInteger(
  key: string,
  value: unknown,
  min: number,
  max: number,
): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw fault(key, 'expected a whole number');
  }
  return checkBounds(key, value, min, max);
}

export function checkBounds(key: string, value: number, min: number, max: number): number {
  if (value < min) throw violation(key, `must be at least ${min}, but is ${value}`);
  if (value > max) throw violation(key, `must not exceed ${max}, but is ${value}`);
  return value;
}

/** One of `choices`, whatever its case. */
export function readChoice<T extends string>(
  key: string,
  value: unknown,
  choices: readonly T[],
): T | undefined {
  const text = readText(key, value)?.toLowerCase();
  const found = choices.find((choice) => choice === text);
  if (text !== undefined && found === undefined) {
    throw fault(key, `expected one of ${choices.join(', ')}`);
  }
  return found;
}

export function fault(key: string, reason: string): ParseFault {
  return new ParseFault(key === '' ? reason : `${key}: ${reason}`);
}
