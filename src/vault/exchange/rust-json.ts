import { HoldfastError } from '../../errors.ts';
import { JsonCursor } from './json-cursor.ts';

/** Larger files are not looked at. A thousand keys take a hundredth of that. */
export const FILE_MAX_BYTES = 64 * 1024 * 1024;

/** How serde_json writes one kind of value, and how it is read. */
export interface Shape<T> {
  read(json: JsonCursor): T;
  /** What a field stands for that is not there; where there is no such thing, it must be there. */
  readonly absent?: { readonly value: T } | undefined;
}

/**
 * The value of a JSON text of that shape: unknown fields are passed over, a field that is there
 * twice is refused.
 * @throws FORMAT_INVALID with the place, also for more than 64 MiB
 */
export function readJson<T>(what: string, source: string | Uint8Array, shape: Shape<T>): T {
  // A character is one byte at least.
  if (source.length > FILE_MAX_BYTES) throw tooLarge(what);
  const bytes = typeof source === 'string' ? textBytes(what, source) : source;
  if (bytes.length > FILE_MAX_BYTES) throw tooLarge(what);
  const json = new JsonCursor(what, bytes);
  const value = shape.read(json);
  json.end();
  return value;
}

function textBytes(what: string, text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  throw new HoldfastError('FORMAT_INVALID', `${what}: not well-formed Unicode`);
}

function tooLarge(what: string): HoldfastError {
  return new HoldfastError('FORMAT_INVALID', `${what}: larger than ${FILE_MAX_BYTES} bytes`);
}

type Fields<T> = { readonly [K in keyof T]: Shape<T[K]> };

/** An object with these fields, in any order. */
export function struct<T extends object>(fields: Fields<T>): Shape<T> {
  const shapes = new Map<string, Shape<unknown>>(Object.entries(fields));
  return {
    read(json) {
      const found = new Map<string, unknown>();
      json.object((name) => {
        const shape = shapes.get(name);
        if (shape === undefined) json.skip();
        else
          found.set(
            name,
            json.within(name, () => shape.read(json)),
          );
      });
      for (const [name, { absent }] of shapes) {
        if (found.has(name)) continue;
        found.set(name, (absent ?? json.within(name, () => json.fail('missing'))).value);
      }
      return Object.fromEntries(found) as T;
    },
  };
}

/** A value made of another one; `make` calls `json.fail` for what is not valid. */
export function mapped<S, T>(shape: Shape<S>, make: (value: S, json: JsonCursor) => T): Shape<T> {
  return { read: (json) => make(shape.read(json), json) };
}

/** A value or null, which a field that is not there means, too. */
export function option<T>(shape: Shape<T>): Shape<T | undefined> {
  return {
    read: (json) => (json.isNull() ? undefined : shape.read(json)),
    absent: { value: undefined },
  };
}

export function list<T>(shape: Shape<T>, elementsMax: number): Shape<readonly T[]> {
  return {
    read(json) {
      const found: T[] = [];
      json.array(elementsMax, (index) => {
        found.push(json.within(index, () => shape.read(json)));
      });
      return found;
    },
  };
}

/** An integer of 0 to `most`. */
export function unsigned(most: number): Shape<number> {
  return { read: (json) => json.unsigned(most) };
}

export const u32 = unsigned(0xffff_ffff);

/** Of 64 bits as far as a number is exact: no count and no size comes near it. */
export const u64 = unsigned(Number.MAX_SAFE_INTEGER);

export const bool: Shape<boolean> = { read: (json) => json.boolean() };

/** Text of at most so many bytes in UTF-8. */
export function text(mostBytes: number): Shape<string> {
  return { read: (json) => json.string(mostBytes) };
}

/** An array of numbers of 0 to 255, in a buffer of its own. */
export function bytes(least: number, most = least): Shape<Buffer> {
  return { read: (json) => json.bytes(least, most) };
}

/** No name of a kind is longer than 20 bytes. */
const KIND_MAX_BYTES = 64;

/** One of these texts. */
export function oneOf<T extends string>(names: readonly T[]): Shape<T> {
  return mapped(text(KIND_MAX_BYTES), (found, json) => {
    return names.find((name) => name === found) ?? json.fail(`not one of ${names.join(', ')}`);
  });
}

/** Of exports, backups and directories alike. */
export const FORMAT_VERSION = 1;

export const formatVersion = mapped(u32, (version, json) => {
  return version === FORMAT_VERSION ? version : json.fail(`not ${FORMAT_VERSION}`);
});
