import { wipe, wipeable } from '../hygiene/wipe.ts';

/** Cuts bytes that come in any lengths into pieces of one length. */
export class Pieces {
  readonly #held: Buffer;
  #heldBytes = 0;

  constructor(sizeBytes: number) {
    this.#held = wipeable(sizeBytes);
  }

  /** The pieces that `bytes` complete. Each is to be used before the next one is asked for. */
  *push(bytes: Uint8Array): Generator<Uint8Array> {
    const sizeBytes = this.#held.length;
    let at = 0;
    while (at < bytes.length) {
      if (this.#heldBytes === 0 && bytes.length - at >= sizeBytes) {
        yield bytes.subarray(at, at + sizeBytes);
        at += sizeBytes;
        continue;
      }
      const part = bytes.subarray(at, at + sizeBytes - this.#heldBytes);
      this.#held.set(part, this.#heldBytes);
      this.#heldBytes += part.length;
      at += part.length;
      if (this.#heldBytes < sizeBytes) return;
      this.#heldBytes = 0;
      yield this.#held;
    }
  }

  /** What is over: less than a piece, or nothing. */
  rest(): Uint8Array {
    return this.#held.subarray(0, this.#heldBytes);
  }

  wipe(): void {
    wipe(this.#held);
  }
}
