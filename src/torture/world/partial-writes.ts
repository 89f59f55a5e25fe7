import type { OpenFile } from './open-file.ts';

interface PartialWrite {
  readonly file: OpenFile;
  readonly offset: number;
  readonly data: Uint8Array;
  done: number;
}

/** Large writes that other processes may see half done. */
export class PartialWrites {
  readonly #put: (ino: number, offset: number, data: Uint8Array) => void;
  #writes: PartialWrite[] = [];

  constructor(put: (ino: number, offset: number, data: Uint8Array) => void) {
    this.#put = put;
  }

  /** Each call of the answer does the next `stepBytes`, and says whether that was the last. */
  begin(file: OpenFile, offset: number, data: Uint8Array, stepBytes: number): () => boolean {
    this.finish(file.ino);
    const write = { file, offset, data, done: 0 };
    this.#writes.push(write);
    return () => this.#step(write, stepBytes);
  }

  /** Before anyone else changes the inode: the kernel lets one writer in at a time. */
  finish(ino: number): void {
    if (this.#writes.length === 0) return;
    for (const write of this.#writes.filter(({ file }) => file.ino === ino)) {
      this.#step(write, write.data.byteLength);
    }
  }

  abandon(file: OpenFile): void {
    if (this.#writes.length === 0) return;
    this.#writes = this.#writes.filter((write) => write.file !== file);
  }

  #step(write: PartialWrite, stepBytes: number): boolean {
    if (!this.#writes.includes(write)) return true;
    const { file, offset, data, done } = write;
    this.#put(file.ino, offset + done, data.subarray(done, done + stepBytes));
    write.done += stepBytes;
    if (write.done < data.byteLength) return false;
    this.#writes = this.#writes.filter((other) => other !== write);
    return true;
  }
}
