import { wipe, wipeable } from '../hygiene/wipe.ts';

const FIRST_SIZE_BYTES = 4096;

/** What stands for a time that there is not. */
export const NO_TIME = 0xffff_ffff_ffff_ffffn;

/** Fields one after the other, in memory that can be wiped. Integers are big-endian. */
export class ByteWriter {
  #bytes = wipeable(FIRST_SIZE_BYTES);
  #length = 0;

  u8(value: number): void {
    this.#reserve(1);
    this.#length = this.#bytes.writeUInt8(value, this.#length);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32BE(value, this.#length);
  }

  u64(value: number): void {
    this.#u64(BigInt(value));
  }

  /** Epoch ms, or that there is none. */
  time(ms: number | undefined): void {
    this.#u64(ms === undefined ? NO_TIME : BigInt(ms));
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A length of 4 bytes and so many. */
  counted(value: Uint8Array): void {
    this.u32(value.length);
    this.bytes(value);
  }

  /** A length of 4 bytes and the text in UTF-8. */
  text(value: string): void {
    this.counted(Buffer.from(value));
  }

  /** All of it, the caller's to wipe. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #u64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeBigUInt64BE(value, this.#length);
  }

  #reserve(sizeBytes: number): void {
    if (this.#length + sizeBytes <= this.#bytes.length) return;
    const larger = wipeable(Math.max(this.#bytes.length * 2, this.#length + sizeBytes));
    larger.set(this.finish());
    wipe(this.#bytes);
    this.#bytes = larger;
  }
}
