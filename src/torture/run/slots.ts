import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/** Which operation of a client's program: the inputs can be drawn again from that. */
export interface ProgramPlace {
  readonly phase: number;
  readonly round: number;
  readonly index: number;
}

/** An operation that a client is at. */
export interface Slot extends ProgramPlace {
  readonly client: number;
  /** Nanoseconds since the run began. */
  readonly since: number;
}

export interface SlotState extends Slot {
  readonly isInFlight: boolean;
  /** Operations that have returned. */
  readonly returned: number;
}

// One slot a client, in the byte order of the machine:
//  0 · 8 · when the operation in flight began (float64, ns)
//  8 · 4 · 1 while an operation is in flight, else 0
// 12 · 4 · operations that have returned
// 16 · 4 · phase, 20 · 4 · round, 24 · 4 · index of the operation in flight
// 28 · 4 · unused
const SLOT_BYTES = 32;
const NOT_BEGUN = -1;

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

/** The same bytes as numbers, as a slot's fields are. */
class SlotMemory {
  readonly bytes: Uint8Array;
  readonly times: Float64Array;
  readonly words: Int32Array;
  /** Of the file that the bytes are a copy of. */
  readonly descriptor: number | undefined;

  constructor(storage: SlotStorage, clients: number, flags: 'r' | 'r+') {
    const isShared = storage instanceof SharedArrayBuffer;
    const memory = isShared ? storage : new ArrayBuffer(clients * SLOT_BYTES);
    this.bytes = new Uint8Array(memory);
    this.times = new Float64Array(memory);
    this.words = new Int32Array(memory);
    this.descriptor = isShared ? undefined : openSync(storage.file, flags);
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
  }
}

/** The table of operations in flight, from the side of the worker that does them. */
export class SlotWriter {
  readonly #memory: SlotMemory;

  constructor(storage: SlotStorage, clients: number) {
    this.#memory = new SlotMemory(storage, clients, 'r+');
  }

  /** Before the first operation of a round. */
  place(client: number, phase: number, round: number): void {
    this.#memory.words[client * 8 + 4] = phase;
    this.#memory.words[client * 8 + 5] = round;
    this.#memory.words[client * 8 + 6] = NOT_BEGUN;
    this.#flush(client);
  }

  begin(client: number, index: number, since: number): void {
    const { times, words } = this.#memory;
    times[client * 4] = since;
    words[client * 8 + 6] = index;
    words[client * 8 + 2] = 1;
    this.#flush(client);
  }

  end(client: number): void {
    const { words } = this.#memory;
    words[client * 8 + 2] = 0;
    words[client * 8 + 3] = (words[client * 8 + 3] as number) + 1;
    this.#flush(client);
  }

  close(): void {
    this.#memory.close();
  }

  #flush(client: number): void {
    const { descriptor, bytes } = this.#memory;
    if (descriptor === undefined) return;
    writeSync(descriptor, bytes, client * SLOT_BYTES, SLOT_BYTES, client * SLOT_BYTES);
  }
}

/** The table from the side of the supervisor. What it reads may be a moment old. */
export class SlotReader {
  readonly #memory: SlotMemory;

  constructor(storage: SlotStorage, clients: number) {
    this.#memory = new SlotMemory(storage, clients, 'r');
  }

  /** Operations that have returned, by client. */
  returned(): readonly number[] {
    const { words } = this.#load();
    return Array.from({ length: words.length / 8 }, (_, client) => words[client * 8 + 3] ?? 0);
  }

  /** Operations that have returned, of all clients together. */
  progress(): number {
    return this.returned().reduce((sum, count) => sum + count, 0);
  }

  inFlight(): Slot[] {
    return this.all()
      .filter(({ isInFlight }) => isInFlight)
      .map(({ isInFlight, returned, ...slot }) => slot);
  }

  /** Of every client the operation that it began last; its index is -1 before the first of a round. */
  all(): SlotState[] {
    const { times, words } = this.#load();
    return Array.from({ length: words.length / 8 }, (_, client) => {
      const [flag, returned = 0, phase = 0, round = 0, index = NOT_BEGUN] = words.subarray(
        client * 8 + 2,
      );
      const since = times[client * 4] ?? 0;
      return { client, phase, round, index, since, isInFlight: flag === 1, returned };
    });
  }

  close(): void {
    this.#memory.close();
  }

  #load(): SlotMemory {
    const { descriptor, bytes } = this.#memory;
    if (descriptor !== undefined) readSync(descriptor, bytes, 0, bytes.length, 0);
    return this.#memory;
  }
}
