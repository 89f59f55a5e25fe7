/** A number in memory that all threads of the process see. One thread writes it. */
export interface Slot {
  /** Over a `SharedArrayBuffer`. */
  readonly values: Float64Array;
  readonly index: number;
}

/** A slot for another thread, by `workerData` or a message. */
export interface TaskShare {
  readonly buffer: SharedArrayBuffer;
  readonly index: number;
}

/** Beyond this a double does not count every one. */
export const AMOUNT_MAX = Number.MAX_SAFE_INTEGER;

/** Slots in one buffer: 8 KiB, so that few processes need a second one. */
const BLOCK_SLOTS = 1024;

/** The slots of this thread. */
export class SlotSpace {
  readonly #free: Slot[] = [];
  #block: Float64Array | undefined;
  #used = BLOCK_SLOTS;

  /** Answers a slot that holds 0. */
  claim(): Slot {
    const free = this.#free.pop();
    if (free) {
      free.values[free.index] = 0;
      return free;
    }
    if (this.#block === undefined || this.#used === BLOCK_SLOTS) {
      this.#block = new Float64Array(new SharedArrayBuffer(BLOCK_SLOTS * 8));
      this.#used = 0;
    }
    const index = this.#used;
    this.#used += 1;
    return { values: this.#block, index };
  }

  /** Only of slots that no other thread writes: it would go on counting for the next task. */
  release(slot: Slot): void {
    this.#free.push(slot);
  }
}

/** What slots hold together; a double can be read whole on every machine that Node runs on. */
export function sumOf(slots: readonly Slot[]): number {
  let sum = 0;
  for (const { values, index } of slots) sum += values[index] ?? 0;
  return sum;
}
