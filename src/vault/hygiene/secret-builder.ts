import { wipe, wipeable, wipeableCopy } from './wipe.ts';

const FIRST_BYTES = 256;

/** Collects a secret that arrives in pieces, in memory that is wiped whenever it moves. */
export class SecretBuilder {
  #bytes = wipeable(FIRST_BYTES);
  #size = 0;

  get sizeBytes(): number {
    return this.#size;
  }

  /** What was collected so far; only valid until the next change. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  append(piece: Uint8Array): void {
    const size = this.#size + piece.length;
    if (size > this.#bytes.length) this.#enlarge(2 * size);
    this.#bytes.set(piece, this.#size);
    this.#size = size;
  }

  /** Wipes all but the first `sizeBytes`. */
  truncate(sizeBytes: number): void {
    this.#bytes.fill(0, sizeBytes, this.#size);
    this.#size = Math.min(sizeBytes, this.#size);
  }

  /** What was collected, the caller's to wipe; nothing of it stays here. */
  take(): Buffer {
    const taken = wipeableCopy(this.view());
    this.wipe();
    return taken;
  }

  wipe(): void {
    this.truncate(0);
  }

  #enlarge(capacityBytes: number): void {
    const larger = wipeable(capacityBytes);
    larger.set(this.view());
    wipe(this.#bytes);
    this.#bytes = larger;
  }
}
