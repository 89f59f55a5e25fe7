import { isUtf8 } from 'node:buffer';
import { wipe, wipeable } from './wipe.ts';

/** What may stand about a form that is a part of a longer text in base64, and tells some bits of it. */
export interface Around {
  /** The bytes one of which stands before it. */
  readonly leads: ReadonlySet<number>;
  /** What may come after it, one of these. */
  readonly endings: readonly Uint8Array[];
}

/** Takes one written form of a secret: all of it is only valid during the call. */
export type TakeForm = (form: Uint8Array, around?: Around) => void;

/**
 * Hands out every form in which a secret is looked for: as it is; hexadecimal, in either case;
 * base64 and base64url, at each of the three places where it may begin in a group of three bytes,
 * padded or not; percent-encoded as browsers, forms, RFC 3986 and Python do it; and as the inside
 * of a JSON string as JavaScript, Python, PHP and Go write it. Forms may come twice.
 */
export function eachForm(secret: Uint8Array, take: TakeForm): void {
  // No form is longer: a control character is six bytes of JSON.
  const scratch = wipeable(6 * secret.length + 4);
  try {
    take(secret);
    for (const digits of [LOWER_DIGITS, UPPER_DIGITS]) take(hex(secret, digits, scratch));
    for (const alphabet of [BASE64, BASE64_URL]) {
      for (const shift of [0, 1, 2]) eachBase64(secret, shift, alphabet, scratch, take);
    }
    for (const style of PERCENT_STYLES) take(percent(secret, style, scratch));
    if (!isUtf8(secret)) return;
    for (const style of JSON_STYLES) take(json(secret, style, scratch));
  } finally {
    wipe(scratch);
  }
}

const LOWER_DIGITS = Buffer.from('0123456789abcdef');
const UPPER_DIGITS = Buffer.from('0123456789ABCDEF');

function hex(secret: Uint8Array, digits: Uint8Array, out: Uint8Array): Uint8Array {
  let size = 0;
  for (const byte of secret) size = putHex(byte, digits, out, size);
  return out.subarray(0, size);
}

function putHex(byte: number, digits: Uint8Array, out: Uint8Array, at: number): number {
  out[at] = digits[byte >> 4] ?? 0;
  out[at + 1] = digits[byte & 15] ?? 0;
  return at + 2;
}

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const BASE64 = Buffer.from(`${ALPHANUMERIC}+/`);
const BASE64_URL = Buffer.from(`${ALPHANUMERIC}-_`);
const PADDING = 61;

/**
 * The forms with `shift` unknown bytes before the secret in its first group of three. The digits
 * that the secret alone decides are one form. The digit before them, of which it decides the low
 * bits, is a lead; the one after, of which it decides the high bits, is an ending.
 */
function eachBase64(
  secret: Uint8Array,
  shift: number,
  alphabet: Uint8Array,
  out: Uint8Array,
  take: TakeForm,
): void {
  let size = 0;
  let bits = 0;
  let bitCount = 0;
  let digitIndex = 0;
  let leads: ReadonlySet<number> = new Set();
  const put = (byte: number) => {
    bits = (bits << 8) | byte;
    bitCount += 8;
    while (bitCount >= 6) {
      bitCount -= 6;
      const digit = bits >> bitCount;
      bits &= (1 << bitCount) - 1;
      if (shift > 0 && digitIndex === shift) leads = leadsOf(digit, shift, alphabet);
      else if (digitIndex >= shift) {
        out[size] = alphabet[digit] ?? 0;
        size += 1;
      }
      digitIndex += 1;
    }
  };
  for (let index = 0; index < shift; index += 1) put(0);
  for (const byte of secret) put(byte);
  const form = out.subarray(0, size);
  const endings = bitCount === 0 ? [] : endingsOf(bits, 6 - bitCount, alphabet, out.subarray(size));
  take(form, { leads, endings });
}

/** The last digit with whatever in its free bits, and with zeros there, padded to a group. */
function endingsOf(
  bits: number,
  freeBits: number,
  alphabet: Uint8Array,
  out: Uint8Array,
): readonly Uint8Array[] {
  const first = bits << freeBits;
  const digits = alphabet.subarray(first, first + (1 << freeBits));
  const padded = out.subarray(0, 1 + freeBits / 2).fill(PADDING);
  padded.set(digits.subarray(0, 1));
  return [padded, ...Array.from(digits, (_, index) => digits.subarray(index, index + 1))];
}

/** The digits whose low bits are those of `digit` that the secret decides: four, or two. */
function leadsOf(digit: number, shift: number, alphabet: Uint8Array): ReadonlySet<number> {
  const known = shift === 1 ? 0b1111 : 0b11;
  return new Set(alphabet.filter((_, index) => ((index ^ digit) & known) === 0));
}

interface PercentStyle {
  readonly keeps: ReadonlySet<number>;
  readonly digits: Uint8Array;
  /** Whether a space is written as a plus sign. */
  readonly isForm: boolean;
}

const UNRESERVED = `${ALPHANUMERIC}-_.~`;
const PERCENT_STYLES: readonly PercentStyle[] = [LOWER_DIGITS, UPPER_DIGITS].flatMap((digits) => [
  percentStyle(UNRESERVED, digits),
  // Python's quote().
  percentStyle(`${UNRESERVED}/`, digits),
  // encodeURIComponent() and encodeURI().
  percentStyle(`${UNRESERVED}!*'()`, digits),
  percentStyle(`${UNRESERVED}!*'();/?:@&=+$,#`, digits),
  // application/x-www-form-urlencoded, of browsers and of Python.
  percentStyle(`${ALPHANUMERIC}*-._`, digits, true),
  percentStyle(UNRESERVED, digits, true),
]);

function percentStyle(kept: string, digits: Uint8Array, isForm = false): PercentStyle {
  return { keeps: new Set(Buffer.from(kept)), digits, isForm };
}

function percent(secret: Uint8Array, style: PercentStyle, out: Uint8Array): Uint8Array {
  let size = 0;
  for (const byte of secret) {
    const isSpace = style.isForm && byte === 32;
    if (isSpace || style.keeps.has(byte)) {
      out[size] = isSpace ? 43 : byte;
      size += 1;
    } else {
      out[size] = 37;
      size = putHex(byte, style.digits, out, size + 1);
    }
  }
  return out.subarray(0, size);
}

interface JsonStyle {
  readonly digits: Uint8Array;
  /** Whether all but ASCII is written as \u. */
  readonly isAscii?: boolean;
  readonly escapesSlash?: boolean;
  /** Whether <, > and & are written as \u. */
  readonly escapesMarkup?: boolean;
}

const JSON_STYLES: readonly JsonStyle[] = [
  { digits: LOWER_DIGITS },
  { digits: UPPER_DIGITS },
  { digits: LOWER_DIGITS, isAscii: true },
  { digits: UPPER_DIGITS, isAscii: true },
  { digits: LOWER_DIGITS, escapesSlash: true },
  { digits: LOWER_DIGITS, escapesSlash: true, isAscii: true },
  { digits: LOWER_DIGITS, escapesMarkup: true },
];

const BACKSLASH = 92;
const SHORT_ESCAPES = new Map(
  [...'\b\f\n\r\t"\\'].map((char, index) => [char.charCodeAt(0), 'bfnrt"\\'.charCodeAt(index)]),
);
const MARKUP = new Set(Buffer.from('<>&'));
const SLASH = 47;

/** `secret` is UTF-8. */
function json(secret: Uint8Array, style: JsonStyle, out: Uint8Array): Uint8Array {
  let size = 0;
  for (let at = 0; at < secret.length; ) {
    const byte = secret[at] ?? 0;
    const short = byte === SLASH && style.escapesSlash ? SLASH : SHORT_ESCAPES.get(byte);
    if (short !== undefined) {
      out[size] = BACKSLASH;
      out[size + 1] = short;
      size += 2;
      at += 1;
    } else if (byte < 32 || (style.escapesMarkup && MARKUP.has(byte))) {
      size = putUnit(byte, style.digits, out, size);
      at += 1;
    } else if (byte >= 128 && style.isAscii) {
      const width = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      size = putPoint(codePointAt(secret, at, width), style.digits, out, size);
      at += width;
    } else {
      out[size] = byte;
      size += 1;
      at += 1;
    }
  }
  return out.subarray(0, size);
}

function codePointAt(utf8: Uint8Array, at: number, width: number): number {
  let point = (utf8[at] ?? 0) & (0x7f >> width);
  for (let index = 1; index < width; index += 1) {
    point = (point << 6) | ((utf8[at + index] ?? 0) & 0x3f);
  }
  return point;
}

function putPoint(point: number, digits: Uint8Array, out: Uint8Array, at: number): number {
  if (point < 0x10000) return putUnit(point, digits, out, at);
  const rest = point - 0x10000;
  const next = putUnit(0xd800 | (rest >> 10), digits, out, at);
  return putUnit(0xdc00 | (rest & 0x3ff), digits, out, next);
}

function putUnit(unit: number, digits: Uint8Array, out: Uint8Array, at: number): number {
  out[at] = BACKSLASH;
  out[at + 1] = 117;
  return putHex(unit & 0xff, digits, out, putHex(unit >> 8, digits, out, at + 2));
}
