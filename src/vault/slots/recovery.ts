import { randomFillSync } from 'node:crypto';
import { HoldfastError } from '../../errors.ts';
import { wipe, wipeable } from '../hygiene/wipe.ts';

/** 160 bits: nobody guesses that, and it is 32 digits. */
const SECRET_BYTES = 20;
const DIGITS = 33;
const GROUP_DIGITS = 4;

/** Crockford's base 32, without the letters that read as others (crockford.com/base32.html). */
const ALPHABET = Buffer.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ');

/** What each byte stands for in a typed code; undefined for what has no place in one. */
const VALUES: ReadonlyMap<number, number> = new Map(
  [...ALPHABET].flatMap((code, value) => [
    [code, value] as const,
    [String.fromCharCode(code).toLowerCase().charCodeAt(0), value] as const,
  ]),
);
const ALIKE: ReadonlyMap<number, number> = new Map(
  [...'OoIiLl'].map((char) => [char.charCodeAt(0), 'Oo'.includes(char) ? 0 : 1]),
);
const HYPHEN = 45;
const IGNORED: ReadonlySet<number> = new Set(Buffer.from('- \t\r\n'));

/**
 * A new recovery code for people to write down, in ASCII, the caller's to wipe: 160 random bits as
 * 32 digits and a check digit, in groups of four.
 */
export function newRecoveryCode(): Buffer {
  const secret = wipeable(SECRET_BYTES);
  const digits = wipeable(DIGITS);
  try {
    randomFillSync(secret);
    for (let index = 0; index < DIGITS - 1; index += 1) digits[index] = fiveBits(secret, index);
    digits[DIGITS - 1] = checkDigit(digits);
    return grouped(digits);
  } finally {
    wipe(secret, digits);
  }
}

function fiveBits(bytes: Uint8Array, index: number): number {
  const bit = 5 * index;
  const pair = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0);
  return (pair >> (11 - (bit & 7))) & 31;
}

function grouped(digits: Uint8Array): Buffer {
  const code = wipeable(DIGITS + Math.ceil(DIGITS / GROUP_DIGITS) - 1);
  let at = 0;
  for (const [index, digit] of digits.entries()) {
    if (index > 0 && index % GROUP_DIGITS === 0) {
      code[at] = HYPHEN;
      at += 1;
    }
    code[at] = ALPHABET[digit] ?? 0;
    at += 1;
  }
  return code;
}

/**
 * The secret of a code as somebody typed it, the caller's to wipe: in either case, O for 0, I and L
 * for 1, spaces and hyphens anywhere.
 * @throws FORMAT_INVALID for what cannot be a code: any one digit wrong, any two neighbours swapped
 */
export function recoverySecret(code: Uint8Array): Buffer {
  const digits = wipeable(DIGITS);
  try {
    readDigits(code, digits);
    if (checkDigit(digits) !== digits[DIGITS - 1]) throw mistyped('a character is wrong');
    return packed(digits);
  } finally {
    wipe(digits);
  }
}

/** Whether it is what a code stands for. */
export function isRecoverySecret(secret: Uint8Array): boolean {
  return secret.length === SECRET_BYTES;
}

function readDigits(code: Uint8Array, digits: Uint8Array): void {
  let count = 0;
  for (const byte of code) {
    if (IGNORED.has(byte)) continue;
    const value = VALUES.get(byte) ?? ALIKE.get(byte);
    if (value === undefined) throw mistyped('it has a character that is in no code');
    if (count < DIGITS) digits[count] = value;
    count += 1;
  }
  if (count !== DIGITS) throw mistyped(`it has ${count} characters, not ${DIGITS}`);
}

function packed(digits: Uint8Array): Buffer {
  const secret = wipeable(SECRET_BYTES);
  for (let index = 0; index < DIGITS - 1; index += 1) {
    const bit = 5 * index;
    const pair = (digits[index] ?? 0) << (11 - (bit & 7));
    const at = bit >> 3;
    secret[at] = (secret[at] ?? 0) | (pair >> 8);
    if (at + 1 < SECRET_BYTES) secret[at + 1] = (secret[at + 1] ?? 0) | (pair & 0xff);
  }
  return secret;
}

/**
 * The digit weighed by powers of x in GF(32), reduced by x^5 + x^2 + 1: neighbours have different
 * weights and none is zero, so that a wrong digit or a swap always shows.
 */
function checkDigit(digits: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < DIGITS - 1; index += 1) {
    const doubled = (sum ^ (digits[index] ?? 0)) << 1;
    sum = doubled & 32 ? doubled ^ 0b100101 : doubled;
  }
  return sum;
}

function mistyped(reason: string): HoldfastError {
  return new HoldfastError('FORMAT_INVALID', `the recovery code is mistyped: ${reason}`);
}
