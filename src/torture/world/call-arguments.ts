import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { argumentError } from './fs-error.ts';

// What Node's functions take in several forms, in the one that the simulation works with.

export type Arguments = readonly unknown[];

/** A path as it was written, for messages, and absolute. */
export function pathArgument(value: unknown, name = 'path'): string {
  let path = value;
  if (path instanceof URL) path = fileURLToPath(path);
  else if (path instanceof Uint8Array) path = Buffer.from(path).toString();
  if (typeof path !== 'string') {
    throw argumentError(
      'TYPE',
      `The "${name}" argument must be of type string or an instance of Buffer or URL. Received ${inspect(value)}`,
    );
  }
  if (path.includes('\0')) {
    throw argumentError(
      'VALUE',
      `The argument '${name}' must be a string, Uint8Array, or URL without null bytes. Received ${inspect(path)}`,
    );
  }
  return path === '' || isAbsolute(path) ? path : resolve(path);
}

export function optionsArgument(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'string') return { encoding: value };
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The encoding of an answer; undefined for bytes. */
export function encodingOption(options: unknown): BufferEncoding | undefined {
  const { encoding } = optionsArgument(options);
  if (encoding === undefined || encoding === null || encoding === 'buffer') return undefined;
  if (typeof encoding === 'string' && Buffer.isEncoding(encoding)) return encoding;
  throw argumentError(
    'VALUE',
    `The argument 'encoding' is invalid encoding. Received ${inspect(encoding)}`,
  );
}

/** A name or a path in the encoding that the options ask for. */
export function textAnswer(text: string, options: unknown): string | Buffer {
  const { encoding } = optionsArgument(options);
  if (encoding === 'buffer') return Buffer.from(text);
  const named = encodingOption(options);
  return named === undefined || /^utf-?8$/i.test(named) ? text : Buffer.from(text).toString(named);
}

export function modeArgument(value: unknown, otherwise: number): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? Number.parseInt(value, 8) : otherwise;
}

/** Epoch ms of a time in seconds, as a number or a text, or of a date. */
export function timeArgument(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds * 1000;
  throw argumentError('TYPE', `a time must be a number or a date, not ${inspect(value)}`);
}

/** The bytes of a text or of a view. */
export function dataArgument(data: unknown, encoding: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return bytesOf(data);
  if (typeof data === 'string') {
    return Buffer.from(data, encodingOption({ encoding }) ?? 'utf8');
  }
  throw argumentError(
    'TYPE',
    `The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received ${inspect(data)}`,
  );
}

/** Undefined, null and -1 mean: from where the last call ended. */
function positionArgument(value: unknown): number | null {
  if (typeof value === 'bigint') return value < 0n ? null : Number(value);
  return typeof value === 'number' && value >= 0 ? value : null;
}

export interface Transfer {
  readonly bytes: Uint8Array;
  /** What was given: it comes back in the answer. */
  readonly buffer: unknown;
  readonly position: number | null;
}

const READ_BYTES = 16_384;

/** `read` behind its descriptor: (buffer, offset, length, position), with options in several places. */
export function readArguments(args: Arguments): Transfer {
  const [first, second] = args;
  const isView = ArrayBuffer.isView(first);
  const options = isView ? second : first;
  if (isView && (typeof second !== 'object' || second === null)) {
    return transfer(first, second, args[2], args[3]);
  }
  const { buffer, offset, length, position } = optionsArgument(options);
  const target = isView ? first : (buffer ?? Buffer.alloc(READ_BYTES));
  return transfer(target, offset, length, position);
}

/** `write` behind its descriptor: bytes as in `read`, or (text, position, encoding). */
export function writeArguments(args: Arguments): Transfer {
  const [data, second, third, fourth] = args;
  if (typeof data === 'string') {
    const position = typeof second === 'object' ? null : positionArgument(second);
    return { bytes: dataArgument(data, third), buffer: data, position };
  }
  if (typeof second === 'object' && second !== null) {
    const { offset, length, position } = optionsArgument(second);
    return transfer(data, offset, length, position);
  }
  return transfer(data, second, third, fourth);
}

/** `readv` and `writev` behind their descriptor. */
export function vectorArguments([buffers, position]: Arguments): {
  readonly views: readonly Uint8Array[];
  readonly position: number | null;
} {
  if (!Array.isArray(buffers) || !buffers.every((buffer) => ArrayBuffer.isView(buffer))) {
    throw argumentError('TYPE', 'The "buffers" argument must be an instance of ArrayBufferView[].');
  }
  return { views: buffers.map(bytesOf), position: positionArgument(position) };
}

function transfer(view: unknown, offset: unknown, length: unknown, position: unknown): Transfer {
  if (!ArrayBuffer.isView(view)) {
    throw argumentError(
      'TYPE',
      `The "buffer" argument must be an instance of Buffer, TypedArray, or DataView. Received ${inspect(view)}`,
    );
  }
  const from = typeof offset === 'number' ? offset : 0;
  const count = typeof length === 'number' ? length : view.byteLength - from;
  if (!Number.isInteger(from) || from < 0 || from > view.byteLength) {
    throw argumentError('RANGE', `The value of "offset" is out of range. Received ${from}`);
  }
  if (!Number.isInteger(count) || count < 0 || from + count > view.byteLength) {
    throw argumentError('RANGE', `The value of "length" is out of range. Received ${count}`);
  }
  const bytes = bytesOf(view).subarray(from, from + count);
  return { bytes, buffer: view, position: positionArgument(position) };
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
