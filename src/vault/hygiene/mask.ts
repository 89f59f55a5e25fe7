import { Transform, type TransformCallback } from 'node:stream';
import type { Masker } from './masker.ts';
import type { Scrubber } from './scrub.ts';

/**
 * A stream of bytes without the secrets: what comes out is `Scrubber.scrub` of all that goes in,
 * wherever it was cut. It keeps back only the end of what came that a form of a secret begins with,
 * so that the prompt of a program is seen, and no more of it than the longest form.
 */
export class MaskStream extends Transform {
  readonly #scrubber: Scrubber;
  readonly #masker: Masker;

  constructor(scrubber: Scrubber) {
    super();
    this.#scrubber = scrubber;
    this.#masker = scrubber.masker();
  }

  /** Names of the secrets that were masked so far, each once. */
  get found(): readonly string[] {
    return this.#scrubber.namesOf(this.#masker);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#answer(done, () => this.#masker.push(chunk));
  }

  override _flush(done: TransformCallback): void {
    this.#answer(done, () => this.#masker.end());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Wipes what was kept back.
    this.#masker.end();
    done(error);
  }

  #answer(done: TransformCallback, next: () => Buffer): void {
    let bytes: Buffer;
    try {
      bytes = next();
    } catch (error) {
      done(error as Error);
      return;
    }
    // An empty chunk would wake readers for nothing.
    done(null, bytes.length === 0 ? undefined : bytes);
  }
}
