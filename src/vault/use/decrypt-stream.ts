import { Transform, type TransformCallback } from 'node:stream';
import { wipe, wipeFreed } from '../hygiene/wipe.ts';
import { CHUNK_BYTES, type ChunkCipher, prefixBytes, SEALED_CHUNK_BYTES } from './chunk-cipher.ts';
import { HEADER_BYTES, type Header, invalid, parseHeader } from './ciphertext.ts';
import { Pieces } from './pieces.ts';

/** No stream is shorter: with the shortest prefix and an empty chunk it has 89 bytes. */
const HEAD_BYTES_MAX = HEADER_BYTES + prefixBytes('XChaCha20Poly1305');

/** A stream whose key was found. */
export interface StreamKey {
  readonly chunks: ChunkCipher;
  /** Throws where the key is of no use any more; asked before each chunk. */
  readonly requireKey: () => Promise<void>;
  /** Told what came of it: of success before the last chunk is given. */
  readonly tell: (success: boolean) => Promise<void>;
}

/** Finds the key of a stream by what it begins with. */
export type FindKey = (header: Header, prefix: Uint8Array) => Promise<StreamKey>;

/** A stream of the vault in, its plaintext out: of each chunk nothing before all of it is authentic. */
export class DecryptStream extends Transform {
  readonly #find: FindKey;
  readonly #head = Buffer.alloc(HEAD_BYTES_MAX);
  readonly #pieces = new Pieces(SEALED_CHUNK_BYTES);
  #headBytes = 0;
  #key: StreamKey | undefined;

  constructor(find: FindKey) {
    super();
    this.#find = find;
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#take(bytes).then(() => done(), done);
  }

  override _flush(done: TransformCallback): void {
    this.#end().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#pieces.wipe();
    // Of the last whole chunk.
    wipeFreed(CHUNK_BYTES + 1);
    done(error);
  }

  async #take(bytes: Uint8Array): Promise<void> {
    const key = this.#key;
    if (key) return this.#openAll(key, bytes);
    const part = bytes.subarray(0, HEAD_BYTES_MAX - this.#headBytes);
    this.#head.set(part, this.#headBytes);
    this.#headBytes += part.length;
    if (this.#headBytes < HEAD_BYTES_MAX) return;
    const header = parseHeader('stream', this.#head);
    const chunksAt = HEADER_BYTES + prefixBytes(header.algorithm);
    const found = await this.#find(header, this.#head.subarray(HEADER_BYTES, chunksAt));
    this.#key = found;
    await this.#openAll(found, this.#head.subarray(chunksAt));
    await this.#openAll(found, bytes.subarray(part.length));
  }

  async #openAll(key: StreamKey, bytes: Uint8Array): Promise<void> {
    for (const piece of this.#pieces.push(bytes)) {
      const plaintext = await this.#open(key, piece, false);
      if (plaintext) this.push(plaintext);
    }
  }

  async #end(): Promise<void> {
    const key = this.#key;
    if (key === undefined) {
      parseHeader('stream', this.#head.subarray(0, this.#headBytes));
      throw invalid('stream', 'it is too short');
    }
    const last = await this.#open(key, this.#pieces.rest(), true);
    if (last === undefined) return;
    await key.tell(true);
    if (this.destroyed) wipe(last);
    else if (last.length > 0) this.push(last);
  }

  /** Undefined where nobody wants it any more. */
  async #open(
    { chunks, requireKey, tell }: StreamKey,
    sealed: Uint8Array,
    isLast: boolean,
  ): Promise<Buffer | undefined> {
    try {
      await requireKey();
      // What was held is wiped then.
      return this.destroyed ? undefined : chunks.open(sealed, isLast);
    } catch (error) {
      await tell(false);
      throw error;
    }
  }
}
