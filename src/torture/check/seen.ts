import type { Call } from './call.ts';
import type { StateId } from './machine.ts';

/** Half a gigabyte of hashes, and about as much where each has a set beside it. */
const CONFIGURATIONS_MAX = 2 ** 25;
const USED_SETS_MAX = 2 ** 22;

/**
 * The configurations that a search has been in: which calls were taken, and the state. Remembered as
 * hashes of 53 bits. Of calls that never returned it keeps which were taken exactly: a
 * configuration is no news if one like it was seen with fewer of them used up.
 */
export class SeenConfigurations {
  readonly #high: Int32Array;
  readonly #low: Int32Array;
  /** Of a call without return, its place in the sets below; -1 for the others. */
  readonly #pendingPlace: Int32Array;
  readonly #pendingWords: number;
  readonly #used: Uint32Array;
  readonly #hashes = new HashSet();
  readonly #usedBy = new Map<number, Uint32Array[]>();
  #h = 0;
  #l = 0;

  constructor(calls: readonly Call[], salt: number) {
    const random = mixer(0x9e3779b9 ^ Math.imul(salt + 1, 0x85ebca6b));
    this.#high = Int32Array.from(calls, random);
    this.#low = Int32Array.from(calls, random);
    this.#pendingPlace = new Int32Array(calls.length).fill(-1);
    let pending = 0;
    for (const [index, call] of calls.entries()) {
      if (call.end === Number.POSITIVE_INFINITY) this.#pendingPlace[index] = pending++;
    }
    this.#pendingWords = Math.ceil(pending / 32);
    this.#used = new Uint32Array(this.#pendingWords);
    this.#h = random();
    this.#l = random();
  }

  /** Whether no more can be remembered. */
  get isFull(): boolean {
    return this.#hashes.size >= CONFIGURATIONS_MAX || this.#usedBy.size >= USED_SETS_MAX;
  }

  /** Notes that a call is taken, or no longer is. */
  flip(index: number): void {
    const place = this.#pendingPlace[index] as number;
    if (place >= 0) {
      const word = place >>> 5;
      this.#used[word] = (this.#used[word] as number) ^ (1 << (place & 31));
      return;
    }
    this.#h ^= this.#high[index] as number;
    this.#l ^= this.#low[index] as number;
  }

  /** Adds the present configuration in a state; false: it is no news. */
  add(state: StateId): boolean {
    const h = scramble(this.#h ^ Math.imul(state + 1, 0x9e3779b1));
    const l = scramble(this.#l + Math.imul(state + 1, 0x85ebca77));
    const hash = (h >>> 11) * 2 ** 32 + (l >>> 0);
    return this.#pendingWords === 0 ? this.#hashes.add(hash) : this.#addUsed(hash);
  }

  #addUsed(hash: number): boolean {
    const sets = this.#usedBy.get(hash);
    if (sets === undefined) {
      this.#usedBy.set(hash, [this.#used.slice()]);
      return true;
    }
    if (sets.some((set) => isSubset(set, this.#used))) return false;
    const kept = sets.filter((set) => !isSubset(this.#used, set));
    kept.push(this.#used.slice());
    this.#usedBy.set(hash, kept);
    return true;
  }
}

function isSubset(a: Uint32Array, b: Uint32Array): boolean {
  for (let word = 0; word < a.length; word += 1) {
    if (((a[word] as number) & ~(b[word] as number)) !== 0) return false;
  }
  return true;
}

/** Numbers from 0 to 2^53 by open addressing: a Set would box each of them. */
class HashSet {
  #slots = new Float64Array(64).fill(-1);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False if it is there already. */
  add(hash: number): boolean {
    if (!insert(this.#slots, hash)) return false;
    this.#size += 1;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Float64Array(old.length * 2).fill(-1);
    for (const hash of old) if (hash >= 0) insert(this.#slots, hash);
  }
}

function insert(slots: Float64Array, hash: number): boolean {
  const mask = slots.length - 1;
  let slot = (hash % 0x7fffffff) & mask;
  for (;;) {
    const found = slots[slot] as number;
    if (found === hash) return false;
    if (found < 0) {
      slots[slot] = hash;
      return true;
    }
    slot = (slot + 1) & mask;
  }
}

/** splitmix32. */
function mixer(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return scramble(state);
  };
}

function scramble(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x21f0aaad);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) | 0;
}
