import { HoldfastError } from '../../errors.ts';
import type { Pattern, Trie } from './trie.ts';
import { wipe, wipeable } from './wipe.ts';

/** The state before anything was read. */
export const START = 0;

/** How far a text was read. */
export interface Reading {
  /** Offset of the next byte. */
  at: number;
  state: number;
}

/**
 * Aho and Corasick's automaton (Efficient string matching, CACM 18(6), 1975): reads any text once,
 * in time that does not grow with the number of patterns. A state stands for the longest end of
 * what was read that a pattern begins with. States are numbered by depth, then by parent, so that
 * the children of one lie side by side; a state takes 13 bytes.
 */
export class Automaton {
  /** The children of state s are first[s] … first[s + 1] - 1; labels say by which byte. */
  readonly #first: Int32Array;
  readonly #labels: Uint8Array;
  /** Where to go on when no child fits: the state of the next shorter end. */
  readonly #fallback: Int32Array;
  /** The longest end, the state itself or shorter, that is a whole pattern; START for none. */
  readonly #match: Int32Array;
  /** The states up to depth 1, where most text is read: 256 next states of each. */
  readonly #shallow: Int32Array;
  readonly #shallowCount: number;
  /** Number of the first state of each depth. */
  readonly #depths: number[] = [START];
  readonly #patterns = new Map<number, Pattern>();
  readonly #isLead = new Uint8Array(256);
  #isWiped = false;

  constructor(trie: Trie) {
    this.#first = new Int32Array(trie.size + 1);
    this.#labels = wipeable(trie.size);
    this.#fallback = new Int32Array(trie.size);
    this.#match = new Int32Array(trie.size);
    let level: readonly number[] = [0];
    let state = START;
    let next = START + 1;
    while (level.length > 0) {
      this.#depths.push(next);
      const below: number[] = [];
      for (const node of level) {
        this.#first[state] = next;
        for (let child = trie.childOf(node); child !== 0; child = trie.siblingOf(child)) {
          this.#add(next, state, trie.labelOf(child), trie.patternAt(child));
          below.push(child);
          next += 1;
        }
        state += 1;
      }
      level = below;
    }
    this.#first[state] = next;
    this.#shallowCount = this.#depths[2] ?? next;
    this.#shallow = new Int32Array(256 * this.#shallowCount);
    this.#shallow.forEach((_, index) => {
      this.#shallow[index] = this.#step(index >> 8, index & 255);
    });
  }

  /** Fallbacks are shallower than their state, so that the way there is complete. */
  #add(state: number, parent: number, label: number, pattern: Pattern | undefined): void {
    this.#labels[state] = label;
    const fallback = parent === START ? START : this.#step(this.#fallback[parent] ?? START, label);
    this.#fallback[state] = fallback;
    this.#match[state] = pattern ? state : (this.#match[fallback] ?? START);
    if (pattern === undefined) return;
    this.#patterns.set(state, pattern);
    for (const lead of pattern.leads) this.#isLead[lead] = 1;
  }

  /** The child of a state by a byte; START for none. */
  #childBy(state: number, byte: number): number {
    const end = this.#first[state + 1] ?? 0;
    for (let child = this.#first[state] ?? 0; child < end; child += 1) {
      if (this.#labels[child] === byte) return child;
    }
    return START;
  }

  #step(from: number, byte: number): number {
    for (let state = from; ; state = this.#fallback[state] ?? START) {
      const child = this.#childBy(state, byte);
      if (child !== START || state === START) return child;
    }
  }

  /**
   * Reads on, up to the end of a match or of the text; whether it was a match.
   * @throws CLOSED after `wipe`
   */
  readToMatch(text: Uint8Array, reading: Reading): boolean {
    if (this.#isWiped) throw new HoldfastError('CLOSED', 'the secrets to look for were forgotten');
    let { at, state } = reading;
    let isMatch = false;
    while (at < text.length && !isMatch) {
      state = this.#next(state, text[at] ?? 0);
      at += 1;
      isMatch = this.#match[state] !== START;
    }
    reading.at = at;
    reading.state = state;
    return isMatch;
  }

  /** `#step` once the table of the shallow states is there. */
  #next(from: number, byte: number): number {
    for (let state = from; ; state = this.#fallback[state] ?? START) {
      if (state < this.#shallowCount) return this.#shallow[(state << 8) | byte] ?? START;
      const child = this.#childBy(state, byte);
      if (child !== START) return child;
    }
  }

  /** How many of the bytes last read a pattern begins with. */
  depthOf(state: number): number {
    let low = 0;
    let high = this.#depths.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#depths[middle] ?? 0) <= state) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The longest pattern that ends at a state. */
  matchAt(state: number): Pattern | undefined {
    return this.#patterns.get(this.#match[state] ?? START);
  }

  /** All patterns that end at a state, from the longest on. */
  *matchesAt(state: number): Generator<Pattern> {
    for (let found = this.#match[state]; found; found = this.#match[this.#fallback[found] ?? 0]) {
      const pattern = this.#patterns.get(found);
      if (pattern) yield pattern;
    }
  }

  /** Whether some pattern has this byte as a lead. */
  isLead(byte: number): boolean {
    return this.#isLead[byte] === 1;
  }

  /** What it looks for can be read from its tables. Without them it must not be taken at its word. */
  wipe(): void {
    this.#isWiped = true;
    wipe(this.#labels);
    this.#shallow.fill(START);
  }
}
