import { isUtf8 } from 'node:buffer';
import { HoldfastError } from '../../errors.ts';
import { wipe, wipeable, wipeableCopy } from '../hygiene/wipe.ts';
import { decodeText } from './json-escapes.ts';
import { isNumber } from './json-number.ts';

/** What is wrong with a JSON file: it stops in the middle, is no JSON, or is JSON of another shape. */
export type JsonFault = 'truncated' | 'not-json' | 'shape';

/** FORMAT_INVALID with what is wrong, and where: `metadata.base_id[3]`. */
export class JsonError extends HoldfastError {
  readonly fault: JsonFault;
  readonly place: string;

  constructor(what: string, place: string, fault: JsonFault, problem: string) {
    super('FORMAT_INVALID', [what, place, problem].filter(Boolean).join(': '));
    this.fault = fault;
    this.place = place;
  }
}

/** Files that we read nest four levels deep. */
const DEPTH_MAX = 32;

/** Known objects have nine fields at most, with names of 20 characters. */
const FIELDS_MAX = 256;
const NAME_MAX_BYTES = 256;

/** Longer numbers stand in no file of ours, not even in a field that we do not know. */
const NUMBER_MAX_BYTES = 400;

/** By byte: a hostile file may be all numbers, and each is looked at for what may stand in one. */
const IN_NUMBER = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number('+-.0123456789eE'.includes(String.fromCharCode(byte))),
);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const CLOSING_BRACKET = 0x5d;
const ZERO = 0x30;

/**
 * Reads JSON text (RFC 8259) front to back, as whoever calls it expects it to be. Builds nothing
 * that was not asked for, so a hostile file costs no more memory than it has itself; names no field
 * twice; and quotes nothing of the file in its errors, as that may be a secret.
 */
export class JsonCursor {
  readonly #what: string;
  readonly #bytes: Buffer;
  readonly #fieldsMax: number;
  readonly #place: (string | number)[] = [];
  #at = 0;
  #depth = 0;

  constructor(what: string, bytes: Uint8Array, fieldsMax = FIELDS_MAX) {
    this.#what = what;
    this.#fieldsMax = fieldsMax;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** @throws JsonError always */
  fail(problem: string, fault: JsonFault = 'shape'): never {
    throw new JsonError(this.#what, placeText(this.#place), fault, problem);
  }

  /** What `read` returns; its errors name that field or element. */
  within<T>(place: string | number, read: () => T): T {
    this.#place.push(place);
    const value = read();
    this.#place.pop();
    return value;
  }

  /** Calls `readField` for each field, which reads the value, or skips it. */
  object(readField: (name: string) => void): void {
    this.#open('{', 'an object');
    if (!this.#take('}')) {
      const names = new Set<string>();
      do {
        const name = this.string(NAME_MAX_BYTES, 'the name of a field');
        if (names.has(name)) this.fail('a field is there twice');
        if (names.size === this.#fieldsMax) this.fail(`more than ${this.#fieldsMax} fields`);
        names.add(name);
        this.#need(':');
        readField(name);
      } while (this.#take(','));
      this.#need('}');
    }
    this.#depth -= 1;
  }

  /** Calls `readElement` for each element of an array, which must read it. */
  array(elementsMax: number, readElement: (index: number) => void): void {
    this.#open('[', 'an array');
    if (!this.#take(']')) {
      let index = 0;
      do {
        if (index === elementsMax) this.fail(`more than ${elementsMax} elements`);
        readElement(index);
        index += 1;
      } while (this.#take(','));
      this.#need(']');
    }
    this.#depth -= 1;
  }

  /** An array of integers of 0 to 255, in a buffer that is the caller's to wipe. */
  bytes(least: number, most: number): Buffer {
    this.#open('[', 'an array of bytes');
    const end = this.#bytes.indexOf(CLOSING_BRACKET, this.#at);
    if (end < 0) this.#truncated();
    const count = this.#isNext(']') ? 0 : 1 + this.#commasUntil(end);
    if (count < least || count > most) {
      this.fail(least === most ? `not ${least} bytes` : `not ${least} to ${most} bytes`);
    }
    const found = wipeable(count);
    try {
      for (let index = 0; index < count; index += 1) {
        if (index > 0) this.#need(',');
        found[index] = this.#byte(index);
      }
      this.#need(']');
    } catch (error) {
      wipe(found);
      throw error;
    }
    this.#depth -= 1;
    return found;
  }

  /** An integer of 0 to `most`, which is a safe one; without sign, fraction and exponent. */
  unsigned(most: number): number {
    this.#skipSpace();
    const start = this.#at;
    let value = 0;
    for (;;) {
      const digit = (this.#bytes[this.#at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      if (value <= most) value = value * 10 + digit;
      this.#at += 1;
    }
    const length = this.#at - start;
    const expected = `an integer of 0 to ${most}`;
    if (length === 0) this.#refuse(expected);
    if (length > 1 && this.#bytes[start] === ZERO) this.fail('a number begins with 0', 'not-json');
    if (value > most || this.#isNumberGoingOn()) this.fail(`not ${expected}`);
    return value;
  }

  /** Text of at most `mostBytes` in UTF-8. */
  string(mostBytes: number, expected = 'text'): string {
    if (!this.#isNext('"')) this.#refuse(expected);
    const { raw, hasEscapes } = this.#rawText();
    // An escape has six bytes at most.
    if (raw.length > mostBytes * 6) this.fail(`more than ${mostBytes} bytes`);
    const text = hasEscapes ? this.#unescape(raw) : raw.toString();
    if (Buffer.byteLength(text) > mostBytes) this.fail(`more than ${mostBytes} bytes`);
    return text;
  }

  /** The same as bytes that are the caller's to wipe, and that nothing else has a copy of. */
  textBytes(): Buffer {
    if (!this.#isNext('"')) this.#refuse('text');
    const { raw, hasEscapes } = this.#rawText();
    if (!hasEscapes) return wipeableCopy(raw);
    // No escape is shorter than what it stands for.
    const decoded = wipeable(raw.length);
    try {
      return wipeableCopy(decoded.subarray(0, decodeText(raw, this.#badText, decoded)));
    } finally {
      wipe(decoded);
    }
  }

  /** A value, whatever it is, as it stands there; the caller's to wipe. */
  valueBytes(): Buffer {
    this.#skipSpace();
    const start = this.#at;
    this.skip();
    return wipeableCopy(this.#bytes.subarray(start, this.#at));
  }

  get isText(): boolean {
    return this.#isNext('"');
  }

  boolean(): boolean {
    if (this.#word('true')) return true;
    if (this.#word('false')) return false;
    return this.#refuse('true or false');
  }

  /** Whether the value is null; if it is not, it is still to be read. */
  isNull(): boolean {
    return this.#word('null');
  }

  /** Passes over a value, whatever it is. It is not made into text, as it may be a secret. */
  skip(): void {
    if (this.#isNext('{')) this.object(() => this.skip());
    else if (this.#isNext('[')) this.array(Number.POSITIVE_INFINITY, () => this.skip());
    else if (this.#isNext('"')) this.#skipText();
    else if (!this.#word('true') && !this.#word('false') && !this.isNull()) this.#skipNumber();
  }

  /** @throws JsonError when anything but white space follows */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.#bytes.length) this.fail('text after the end', 'not-json');
  }

  #open(bracket: '{' | '[', expected: string): void {
    if (!this.#take(bracket)) this.#refuse(expected);
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.fail(`nested deeper than ${DEPTH_MAX}`);
  }

  #byte(index: number): number {
    this.#skipSpace();
    // Nearly all of a file is read here, and no place is put down before it is needed.
    const start = this.#at;
    let value = 0;
    let digit = (this.#bytes[start] ?? 0) - ZERO;
    while (digit >= 0 && digit <= 9 && this.#at - start < 3) {
      value = value * 10 + digit;
      this.#at += 1;
      digit = (this.#bytes[this.#at] ?? 0) - ZERO;
    }
    const next = this.#bytes[this.#at];
    if (this.#at > start && value < 256 && (next === COMMA || next === CLOSING_BRACKET)) {
      if (this.#bytes[start] !== ZERO || this.#at - start === 1) return value;
    }
    this.#at = start;
    return this.within(index, () => this.unsigned(255));
  }

  #commasUntil(end: number): number {
    let commas = 0;
    for (let at = this.#at; at < end; at += 1) if (this.#bytes[at] === COMMA) commas += 1;
    return commas;
  }

  #isNumberGoingOn(): boolean {
    return '.eE'.includes(String.fromCharCode(this.#bytes[this.#at] ?? 0));
  }

  #skipText(): void {
    const { raw, hasEscapes } = this.#rawText();
    if (hasEscapes) decodeText(raw, this.#badText);
  }

  #skipNumber(): void {
    this.#skipSpace();
    const start = this.#at;
    // Most numbers are one digit.
    const digit = (this.#bytes[start] ?? 0) - ZERO;
    if (digit >= 0 && digit <= 9 && !IN_NUMBER[this.#bytes[start + 1] ?? 0]) {
      this.#at += 1;
      return;
    }
    while (IN_NUMBER[this.#bytes[this.#at] ?? 0]) this.#at += 1;
    const length = this.#at - start;
    if (length === 0) this.#refuse('a value');
    if (length > NUMBER_MAX_BYTES) this.fail('a number is too long');
    if (!isNumber(this.#bytes.subarray(start, this.#at))) {
      if (this.#at === this.#bytes.length) this.#truncated();
      this.fail('not a number', 'not-json');
    }
  }

  /** What stands between quotes, in UTF-8. */
  #rawText(): { readonly raw: Buffer; readonly hasEscapes: boolean } {
    const start = this.#at + 1;
    const hasEscapes = this.#passString();
    const raw = this.#bytes.subarray(start, this.#at - 1);
    if (!isUtf8(raw)) this.fail('not UTF-8', 'not-json');
    return { raw, hasEscapes };
  }

  /** Goes behind the closing quote; answers whether there are escapes. */
  #passString(): boolean {
    let hasEscapes = false;
    for (this.#at += 1; this.#at < this.#bytes.length; this.#at += 1) {
      const byte = this.#bytes[this.#at] ?? 0;
      if (byte === QUOTE) {
        this.#at += 1;
        return hasEscapes;
      }
      if (byte < 0x20) this.fail('a control character in a text', 'not-json');
      if (byte === BACKSLASH) {
        hasEscapes = true;
        this.#at += 1;
      }
    }
    return this.#truncated();
  }

  readonly #badText = (problem: string): never => this.fail(problem, 'not-json');

  #unescape(raw: Buffer): string {
    const decoded = Buffer.alloc(raw.length);
    return decoded.toString('utf8', 0, decodeText(raw, this.#badText, decoded));
  }

  #word(word: string): boolean {
    this.#skipSpace();
    for (let index = 0; index < word.length; index += 1) {
      if (this.#bytes[this.#at + index] !== word.charCodeAt(index)) return false;
    }
    this.#at += word.length;
    return true;
  }

  #need(mark: string): void {
    if (!this.#take(mark)) this.#refuse(`'${mark}'`, 'not-json');
  }

  #take(mark: string): boolean {
    if (!this.#isNext(mark)) return false;
    this.#at += 1;
    return true;
  }

  #isNext(mark: string): boolean {
    this.#skipSpace();
    return this.#bytes[this.#at] === mark.charCodeAt(0);
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at += 1;
    }
  }

  /** Something else stands where `expected` should. */
  #refuse(expected: string, fault?: JsonFault): never {
    this.#skipSpace();
    const next = this.#bytes[this.#at];
    if (next === undefined || this.#isCutWord()) this.#truncated();
    const isValue = '{["-0123456789tfn'.includes(String.fromCharCode(next));
    this.fail(`not ${expected}`, fault ?? (isValue ? 'shape' : 'not-json'));
  }

  #isCutWord(): boolean {
    const rest = this.#bytes.toString('latin1', this.#at, this.#at + 5);
    if (this.#at + rest.length < this.#bytes.length) return false;
    return ['true', 'false', 'null'].some((word) => word !== rest && word.startsWith(rest));
  }

  #truncated(): never {
    this.fail('ends in the middle', 'truncated');
  }
}

function placeText(place: readonly (string | number)[]): string {
  return place
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}
