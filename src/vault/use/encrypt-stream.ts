import { Transform, type TransformCallback } from 'node:stream';
import { CHUNK_BYTES, type ChunkCipher } from './chunk-cipher.ts';
import { Pieces } from './pieces.ts';

export interface EncryptStreamInput {
  /** What stands before the chunks. */
  readonly head: Uint8Array;
  readonly chunks: ChunkCipher;
  /** Throws where the key is of no use any more; asked before each chunk. */
  readonly requireKey: () => Promise<void>;
  /** Told of the plaintext's size, before the last chunk is given. */
  readonly tell: (sizeBytes: number) => Promise<void>;
}

/** Plaintext in, a stream of the vault out. */
export class EncryptStream extends Transform {
  readonly #input: EncryptStreamInput;
  readonly #pieces = new Pieces(CHUNK_BYTES);
  #sizeBytes = 0;

  constructor(input: EncryptStreamInput) {
    super();
    this.#input = input;
    this.push(input.head);
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#take(bytes).then(() => done(), done);
  }

  override _flush(done: TransformCallback): void {
    this.#end().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#pieces.wipe();
    done(error);
  }

  async #take(bytes: Uint8Array): Promise<void> {
    this.#sizeBytes += bytes.length;
    const { chunks, requireKey } = this.#input;
    for (const piece of this.#pieces.push(bytes)) {
      await requireKey();
      if (this.destroyed) return;
      for (const part of chunks.seal(piece, false)) this.push(part);
    }
  }

  async #end(): Promise<void> {
    const { chunks, requireKey, tell } = this.#input;
    await requireKey();
    if (this.destroyed) return;
    const last = chunks.seal(this.#pieces.rest(), true);
    await tell(this.#sizeBytes);
    if (this.destroyed) return;
    for (const part of last) this.push(part);
  }
}
