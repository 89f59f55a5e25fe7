import { type Automaton, type Reading, START } from './automaton.ts';
import { wipe, wipeable } from './wipe.ts';

/** What stands in place of secrets. */
const MASK = Buffer.from('***');

/**
 * Masks a text that arrives in pieces. Every byte that is part of some form of a secret is covered,
 * and each unbroken run of covered bytes comes out as one mask, however the text was cut. Kept back
 * is only the end of what came so far that a form begins with, with the lead before it, and of that
 * only what no match covers.
 */
export class Masker {
  readonly #automaton: Automaton;
  readonly #reading: Reading = { at: 0, state: START };
  /** What was read and has not come out: #kept from #from to #to. */
  #kept = wipeable(0);
  #from = 0;
  #to = 0;
  /** Covered parts of it, in order and apart: offset of the first byte in #kept, and past the last. */
  #covered: (readonly [from: number, to: number])[] = [];
  /** Whether what came out last was a mask. */
  #isMasking = false;
  readonly #owners = new Set<number>();
  readonly #seenStates = new Set<number>();

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
  }

  /** Numbers of the secrets that were found. */
  get owners(): ReadonlySet<number> {
    return this.#owners;
  }

  /** What is kept back at present. */
  get keptBytes(): number {
    return this.#to - this.#from;
  }

  /** What can be told of the text after another piece of it. */
  push(piece: Uint8Array): Buffer {
    const start = this.#append(piece);
    const reading = this.#reading;
    reading.at = 0;
    while (this.#automaton.readToMatch(piece, reading)) this.#cover(start + reading.at);
    return this.#release(this.#undecidedFrom());
  }

  /** The rest. What comes after it is another text. */
  end(): Buffer {
    const rest = this.#release(this.#to);
    this.#reading.state = START;
    this.#isMasking = false;
    wipe(this.#kept);
    return rest;
  }

  /** Answers the offset in #kept at which the piece begins. */
  #append(piece: Uint8Array): number {
    if (this.#to + piece.length > this.#kept.length) this.#makeRoom(piece.length);
    const start = this.#to;
    this.#kept.set(piece, start);
    this.#to += piece.length;
    return start;
  }

  #makeRoom(sizeBytes: number): void {
    const old = this.#kept;
    const moved = this.#from;
    const live = this.#to - moved;
    // At least half of it is free after a move, so that moving costs no more than what came in.
    const target = 2 * (live + sizeBytes) > old.length ? wipeable(3 * (live + sizeBytes)) : old;
    old.copy(target, 0, moved, this.#to);
    if (target !== old) wipe(old);
    this.#kept = target;
    this.#from = 0;
    this.#to = live;
    this.#covered = this.#covered.map(([from, to]) => [from - moved, to - moved]);
  }

  /** Covers the longest match that ends at an offset of #kept. */
  #cover(end: number): void {
    const { state } = this.#reading;
    const pattern = this.#automaton.matchAt(state);
    if (pattern === undefined) return;
    let start = end - pattern.sizeBytes;
    if (start > this.#from && pattern.leads.has(this.#kept[start - 1] ?? 0)) start -= 1;
    // What has come out of it already was masked by an earlier match.
    start = Math.max(start, this.#from);
    for (let last = this.#covered.at(-1); last && last[1] >= start; last = this.#covered.at(-1)) {
      start = Math.min(start, last[0]);
      this.#covered.pop();
    }
    this.#covered.push([start, end]);
    if (this.#seenStates.has(state)) return;
    this.#seenStates.add(state);
    for (const { owners } of this.#automaton.matchesAt(state)) {
      for (const owner of owners) this.#owners.add(owner);
    }
  }

  /** The offset from which on a form may have begun, with a byte that may turn out its lead. */
  #undecidedFrom(): number {
    const begun = this.#to - this.#automaton.depthOf(this.#reading.state);
    const isAfterLead = begun > this.#from && this.#automaton.isLead(this.#kept[begun - 1] ?? 0);
    return isAfterLead ? begun - 1 : begun;
  }

  /** Takes out what comes before an offset, and what is covered from there on. */
  #release(before: number): Buffer {
    const pieces: Uint8Array[] = [];
    let at = this.#from;
    let end = Math.max(before, at);
    let taken = 0;
    for (const [from, to] of this.#covered) {
      if (from > end) break;
      this.#pass(pieces, at, from);
      if (!this.#isMasking) pieces.push(MASK);
      this.#isMasking = true;
      taken += 1;
      at = to;
      end = Math.max(end, to);
    }
    this.#pass(pieces, at, end);
    this.#covered.splice(0, taken);
    this.#from = end;
    return Buffer.concat(pieces);
  }

  #pass(pieces: Uint8Array[], from: number, to: number): void {
    if (from >= to) return;
    pieces.push(this.#kept.subarray(from, to));
    this.#isMasking = false;
  }
}
