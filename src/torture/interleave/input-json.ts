/** Nested deeper than that no input is. */
const DEPTH_MAX = 100;

/** Of what JSON has no word for, a kind and what it is made of stand in an object under this name. */
const TAG = '$';

/**
 * An input as JSON can hold it: what JSON would drop or change is put in other words.
 * @throws TypeError for what has none: functions, and objects of classes
 */
export function encodeInput(value: unknown, depth = 0): unknown {
  if (depth > DEPTH_MAX) throw new TypeError('an input that is too deep, or contains itself');
  const encode = (part: unknown) => encodeInput(part, depth + 1);
  const tagged = (...words: readonly unknown[]) => ({ [TAG]: words });
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return isJson(value) ? value : tagged('number', numberText(value));
  if (typeof value === 'bigint') return tagged('bigint', String(value));
  if (value === undefined) return tagged('undefined');
  if (typeof value !== 'object') throw new TypeError(`an input that is a ${typeof value}`);
  if (Array.isArray(value)) return Array.from(value, encode);
  if (Buffer.isBuffer(value)) return tagged('buffer', value.toString('base64'));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    const entries = Object.entries(value).map(([name, part]) => [name, encode(part)]);
    return Object.hasOwn(value, TAG) ? tagged('object', entries) : Object.fromEntries(entries);
  }
  if (prototype === Uint8Array.prototype && value instanceof Uint8Array) {
    return tagged('bytes', Buffer.from(value).toString('base64'));
  }
  if (value instanceof Date) return tagged('date', encode(value.getTime()));
  if (value instanceof Map) return tagged('map', Array.from(value, encode));
  if (value instanceof Set) return tagged('set', Array.from(value, encode));
  throw new TypeError(`an input that is a ${value.constructor.name}`);
}

/** @throws TypeError for what `encodeInput` does not give */
export function decodeInput(value: unknown, depth = 0): unknown {
  if (depth > 2 * DEPTH_MAX) throw new TypeError('an input that is too deep');
  const decode = (part: unknown) => decodeInput(part, depth + 1);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(decode);
  const entries = Object.entries(value);
  const words: unknown = Object.hasOwn(value, TAG) ? Reflect.get(value, TAG) : undefined;
  if (words === undefined) return Object.fromEntries(entries.map(([k, part]) => [k, decode(part)]));
  if (!Array.isArray(words) || entries.length !== 1)
    throw new TypeError('an unknown kind of input');
  const [kind, part] = words;
  switch (kind) {
    case 'number':
      return Number(text(part));
    case 'bigint':
      return BigInt(text(part, DIGITS_MAX));
    case 'undefined':
      return undefined;
    case 'buffer':
      return Buffer.from(text(part), 'base64');
    case 'bytes':
      return new Uint8Array(Buffer.from(text(part), 'base64'));
    case 'object':
      return Object.fromEntries(pairs(part).map(([name, one]) => [text(name), decode(one)]));
    case 'date':
      return new Date(Number(decode(part)));
    case 'map':
      return new Map(pairs(list(part).map(decode)));
    case 'set':
      return new Set(list(part).map(decode));
    default:
      throw new TypeError('an unknown kind of input');
  }
}

/** Long numbers take their time: it grows faster than their length. */
const DIGITS_MAX = 100_000;

function isJson(number: number): boolean {
  return Number.isFinite(number) && !Object.is(number, -0);
}

function numberText(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number);
}

function text(value: unknown, lengthMax = Number.POSITIVE_INFINITY): string {
  if (typeof value === 'string' && value.length <= lengthMax) return value;
  throw new TypeError('an input that is no text');
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('an input that is no list');
}

function pairs(value: unknown): readonly (readonly [unknown, unknown])[] {
  return list(value).map((pair) => {
    const [name, part] = list(pair);
    return [name, part];
  });
}
