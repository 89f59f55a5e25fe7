import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/** What a client is doing. */
export interface InFlight {
  readonly client: number;
  /** Operation and input, cut to what a slot holds. */
  readonly text: string;
  /** Nanoseconds since the run began. */
  readonly since: number;
}

// One slot a client:
//  0 · 4 · 1 while an operation is in flight, else 0
//  4 · 4 · operations that have returned
//  8 · 8 · when the operation in flight began (float64, ns)
// 16 · 4 · bytes of text
// 20 · 236 · text (UTF-8)
const SLOT_BYTES = 256;
const TEXT_AT = 20;
const TEXT_BYTES = SLOT_BYTES - TEXT_AT;

/** Where slots are kept: memory that threads share, or a file, since processes share no memory. */
export type SlotStorage = SharedArrayBuffer | { readonly file: string };

export function sharedSlots(clients: number): SharedArrayBuffer {
  return new SharedArrayBuffer(clients * SLOT_BYTES);
}

/** The file starts out as idle slots. */
export function createSlotFile(file: string, clients: number): void {
  const descriptor = openSync(file, 'w', 0o600);
  ftruncateSync(descriptor, clients * SLOT_BYTES);
  closeSync(descriptor);
}

/** The table of operations in flight, from the side of the worker that does them. */
export class SlotWriter {
  readonly #bytes: Buffer;
  readonly #file: number | undefined;

  constructor(storage: SlotStorage, clients: number) {
    const isShared = storage instanceof SharedArrayBuffer;
    this.#bytes = isShared ? Buffer.from(storage) : Buffer.alloc(clients * SLOT_BYTES);
    this.#file = isShared ? undefined : openSync(storage.file, 'r+');
  }

  begin(client: number, text: string, since: number): void {
    const at = client * SLOT_BYTES;
    this.#bytes.writeDoubleLE(since, at + 8);
    const length = this.#bytes.write(text, at + TEXT_AT, TEXT_BYTES);
    this.#bytes.writeUInt32LE(length, at + 16);
    this.#bytes.writeUInt32LE(1, at);
    this.#flush(at, TEXT_AT + length);
  }

  end(client: number): void {
    const at = client * SLOT_BYTES;
    this.#bytes.writeUInt32LE(0, at);
    this.#bytes.writeUInt32LE((this.#bytes.readUInt32LE(at + 4) + 1) >>> 0, at + 4);
    this.#flush(at, 8);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #flush(at: number, length: number): void {
    if (this.#file !== undefined) writeSync(this.#file, this.#bytes, at, length, at);
  }
}

/** The table from the side of the supervisor. What it reads may be a moment old. */
export class SlotReader {
  readonly #bytes: Buffer;
  readonly #file: number | undefined;

  constructor(storage: SlotStorage, clients: number) {
    const isShared = storage instanceof SharedArrayBuffer;
    this.#bytes = isShared ? Buffer.from(storage) : Buffer.alloc(clients * SLOT_BYTES);
    this.#file = isShared ? undefined : openSync(storage.file, 'r');
  }

  /** Operations that have returned, of all clients together. */
  progress(): number {
    this.#load();
    let sum = 0;
    for (let at = 0; at < this.#bytes.length; at += SLOT_BYTES) {
      sum += this.#bytes.readUInt32LE(at + 4);
    }
    return sum;
  }

  inFlight(): InFlight[] {
    this.#load();
    const found: InFlight[] = [];
    for (let at = 0; at < this.#bytes.length; at += SLOT_BYTES) {
      if (this.#bytes.readUInt32LE(at) !== 1) continue;
      const length = Math.min(this.#bytes.readUInt32LE(at + 16), TEXT_BYTES);
      found.push({
        client: at / SLOT_BYTES,
        text: this.#bytes.toString('utf8', at + TEXT_AT, at + TEXT_AT + length),
        since: this.#bytes.readDoubleLE(at + 8),
      });
    }
    return found;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #load(): void {
    if (this.#file !== undefined) readSync(this.#file, this.#bytes, 0, this.#bytes.length, 0);
  }
}
