const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const ZERO = 0x30;

const SHORT_ESCAPES: ReadonlyMap<number, number> = new Map(
  [...'"\\/bfnrt'].map((char, index) => [char.charCodeAt(0), '"\\/\b\f\n\r\t'.charCodeAt(index)]),
);

/**
 * Answers how many bytes of UTF-8 the text between two quotes stands for, and writes them where
 * `decoded` is given. No escape is shorter than what it stands for.
 */
export function decodeText(
  raw: Uint8Array,
  fail: (problem: string) => never,
  decoded?: Uint8Array,
): number {
  let size = 0;
  for (let at = 0; at < raw.length; ) {
    const byte = raw[at] ?? 0;
    if (byte !== BACKSLASH) {
      if (decoded) decoded[size] = byte;
      [at, size] = [at + 1, size + 1];
      continue;
    }
    const { point, length } = escapeAt(raw, at, fail);
    size += putUtf8(point, decoded, size);
    at += length;
  }
  return size;
}

function escapeAt(
  raw: Uint8Array,
  at: number,
  fail: (problem: string) => never,
): { readonly point: number; readonly length: number } {
  const short = SHORT_ESCAPES.get(raw[at + 1] ?? 0);
  if (short !== undefined) return { point: short, length: 2 };
  const unit = unitAt(raw, at) ?? fail('a wrong escape in a text');
  if (unit < 0xd800 || unit > 0xdfff) return { point: unit, length: 6 };
  const low = unitAt(raw, at + 6);
  const isPair = unit < 0xdc00 && low !== undefined && low >= 0xdc00 && low <= 0xdfff;
  if (!isPair) return fail('half of a surrogate pair in a text');
  return { point: 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), length: 12 };
}

/** The four hexadecimal digits behind \u. */
function unitAt(raw: Uint8Array, at: number): number | undefined {
  if (raw[at] !== BACKSLASH || raw[at + 1] !== LETTER_U) return undefined;
  let unit = 0;
  for (let index = at + 2; index < at + 6; index += 1) {
    const digit = hexDigit(raw[index] ?? 0);
    if (digit === undefined) return undefined;
    unit = (unit << 4) | digit;
  }
  return unit;
}

function hexDigit(code: number): number | undefined {
  if (code >= ZERO && code < ZERO + 10) return code - ZERO;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}

/** Answers how many bytes it has in UTF-8, and writes them. */
function putUtf8(point: number, out: Uint8Array | undefined, at: number): number {
  const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  if (out === undefined) return size;
  let rest = point;
  for (let index = size - 1; index > 0; index -= 1) {
    out[at + index] = 0x80 | (rest & 0x3f);
    rest >>= 6;
  }
  out[at] = size === 1 ? rest : (0xf00 >> size) | rest;
  return size;
}
