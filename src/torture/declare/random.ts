/** A seeded stream of numbers (sfc32). Equal seeds give equal streams on every platform. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    [this.#a, this.#b, this.#c] = hash(seed);
    // The first outputs still resemble the seed.
    for (let round = 0; round < 12; round += 1) this.#next();
  }

  /** An integer from 0 up to, not including, `below`. */
  int(below: number): number {
    if (!Number.isSafeInteger(below) || below < 1 || below > 2 ** 32) {
      throw new RangeError(`int: below must be an integer from 1 to 2^32, not ${below}`);
    }
    return Math.floor((this.#next() / 2 ** 32) * below);
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('pick: there is nothing to pick from');
    return items[this.int(items.length)] as T;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }
}

/** A seed that nobody has chosen. */
export function freshSeed(): string {
  return crypto.getRandomValues(new Uint32Array(1))[0]?.toString(16).padStart(8, '0') ?? '0';
}

/** Three words of FNV-1a, each with its own start. */
function hash(text: string): [number, number, number] {
  const words: [number, number, number] = [0x811c9dc5, 0x01000193, 0x9e3779b9];
  for (const byte of Buffer.from(text)) {
    for (let index = 0; index < 3; index += 1) {
      words[index] = Math.imul((words[index] as number) ^ byte, 0x01000193 + 2 * index);
    }
  }
  return words;
}
