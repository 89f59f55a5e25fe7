import { isUtf8 } from 'node:buffer';
import { HoldfastError } from '../../errors.ts';
import { NO_TIME } from './byte-writer.ts';

/**
 * Reads what a `ByteWriter` wrote, front to back. Nothing is taken that is not there, and nothing is
 * allocated for what a length only says.
 */
export class ByteReader {
  readonly #what: string;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(what: string, bytes: Uint8Array) {
    this.#what = what;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** How far it has come. */
  get offset(): number {
    return this.#at;
  }

  /** @throws FORMAT_INVALID always */
  fail(problem: string): never {
    throw new HoldfastError('FORMAT_INVALID', `${this.#what}: byte ${this.#at}: ${problem}`);
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#pass(1));
  }

  u32(most = 0xffff_ffff): number {
    return this.#atMost(this.#bytes.readUInt32BE(this.#pass(4)), most);
  }

  u64(): number {
    return this.#exact(this.#bytes.readBigUInt64BE(this.#pass(8)));
  }

  /** Epoch ms, if there is a time. */
  time(): number | undefined {
    const value = this.#bytes.readBigUInt64BE(this.#pass(8));
    return value === NO_TIME ? undefined : this.#exact(value);
  }

  /** One of a list, by its place. */
  oneOf<T>(list: readonly T[]): T {
    const place = this.u8();
    return list[place] ?? this.fail('names nothing that there is');
  }

  /** So many bytes, in the memory of the source. */
  bytes(length: number): Buffer {
    const start = this.#pass(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** As many as the length before them says. */
  counted(most: number): Buffer {
    return this.bytes(this.u32(most));
  }

  text(mostBytes: number): string {
    const bytes = this.counted(mostBytes);
    return isUtf8(bytes) ? bytes.toString() : this.fail('not UTF-8');
  }

  /** @throws FORMAT_INVALID when anything follows */
  end(): void {
    if (this.#at < this.#bytes.length) this.fail('something follows the end');
  }

  #pass(length: number): number {
    const start = this.#at;
    if (start + length > this.#bytes.length) this.fail('ends in the middle');
    this.#at = start + length;
    return start;
  }

  #atMost(value: number, most: number): number {
    return value <= most ? value : this.fail(`${value} is more than ${most}`);
  }

  #exact(value: bigint): number {
    if (value > Number.MAX_SAFE_INTEGER) this.fail('a number is too large');
    return Number(value);
  }
}
