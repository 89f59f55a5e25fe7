const CELLS = 4;
const BEATS = 0;
const TRIED = 1;
const OPERATIONS = 2;
const VIOLATIONS = 3;

/** What can be seen of a run while it goes on. */
export interface Progress {
  readonly tried: number;
  readonly operations: number;
  readonly violations: number;
}

/** Memory by which one thread sees that another one goes on: code that never returns shows nothing else. */
export class Pulse {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(memory = new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cells = new Int32Array(memory);
  }

  /** Differs whenever something has happened; 0 before anything has. */
  get beats(): number {
    return Atomics.load(this.#cells, BEATS);
  }

  get progress(): Progress {
    const at = (cell: number) => Atomics.load(this.#cells, cell);
    return { tried: at(TRIED), operations: at(OPERATIONS), violations: at(VIOLATIONS) };
  }

  beat(): void {
    Atomics.add(this.#cells, BEATS, 1);
  }

  tell({ tried, operations, violations }: Progress): void {
    Atomics.store(this.#cells, TRIED, tried);
    Atomics.store(this.#cells, OPERATIONS, operations);
    Atomics.store(this.#cells, VIOLATIONS, violations);
  }
}

/** That of this thread. */
let own = new Pulse();

export function beat(): void {
  own.beat();
}

export function beatOn(pulse: Pulse): void {
  own = pulse;
}
