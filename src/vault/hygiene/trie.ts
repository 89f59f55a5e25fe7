import type { Around } from './forms.ts';
import { wipe, wipeable } from './wipe.ts';

/** What is known of a form that is looked for. */
export interface Pattern {
  readonly sizeBytes: number;
  /** Bytes that belong to a match where they stand before it. */
  readonly leads: ReadonlySet<number>;
  /** Numbers of the secrets that it is a form of. */
  readonly owners: readonly number[];
}

const ROOT = 0;
const NONE = 0;
const NOTHING: Around = { leads: new Set(), endings: [] };
const FIRST_CAPACITY = 1024;

/** Collects patterns, beginnings in common kept once. A node takes 9 bytes. */
export class Trie {
  #labels = wipeable(FIRST_CAPACITY);
  #child = new Int32Array(FIRST_CAPACITY);
  #sibling = new Int32Array(FIRST_CAPACITY);
  #size = 1;
  readonly #patterns = new Map<number, Pattern>();

  /** The number of nodes, the root among them. */
  get size(): number {
    return this.#size;
  }

  /** Adds a pattern, and with each of the endings after it. */
  add(pattern: Uint8Array, owner: number, { leads, endings }: Around = NOTHING): void {
    const node = this.#way(ROOT, pattern);
    this.#mark(node, pattern.length, owner, leads);
    for (const ending of endings) {
      this.#mark(this.#way(node, ending), pattern.length + ending.length, owner, leads);
    }
  }

  /** The first child of a node; 0 for none. */
  childOf(node: number): number {
    return this.#child[node] ?? NONE;
  }

  /** The next child of the same parent; 0 for none. */
  siblingOf(node: number): number {
    return this.#sibling[node] ?? NONE;
  }

  /** The byte that leads to the node. */
  labelOf(node: number): number {
    return this.#labels[node] ?? 0;
  }

  /** The pattern that the way to the node spells. */
  patternAt(node: number): Pattern | undefined {
    return this.#patterns.get(node);
  }

  wipe(): void {
    wipe(this.#labels);
  }

  #way(from: number, bytes: Uint8Array): number {
    let node = from;
    for (const byte of bytes) node = this.#childBy(node, byte) || this.#grow(node, byte);
    return node;
  }

  #mark(node: number, sizeBytes: number, owner: number, leads: ReadonlySet<number>): void {
    const known = this.#patterns.get(node);
    const isNew = !known?.owners.includes(owner);
    if (known && !isNew && leads.isSubsetOf(known.leads)) return;
    this.#patterns.set(node, {
      sizeBytes,
      leads: known ? known.leads.union(leads) : leads,
      owners: [...(known?.owners ?? []), ...(isNew ? [owner] : [])],
    });
  }

  #childBy(node: number, byte: number): number {
    let child = this.#child[node] ?? NONE;
    while (child !== NONE && this.#labels[child] !== byte) child = this.#sibling[child] ?? NONE;
    return child;
  }

  #grow(parent: number, byte: number): number {
    if (this.#size === this.#labels.length) this.#enlarge();
    const node = this.#size;
    this.#size += 1;
    this.#labels[node] = byte;
    this.#sibling[node] = this.#child[parent] ?? NONE;
    this.#child[parent] = node;
    return node;
  }

  #enlarge(): void {
    const capacity = 2 * this.#labels.length;
    const labels = wipeable(capacity);
    labels.set(this.#labels);
    wipe(this.#labels);
    this.#labels = labels;
    this.#child = enlarged(this.#child, capacity);
    this.#sibling = enlarged(this.#sibling, capacity);
  }
}

function enlarged(source: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(capacity);
  copy.set(source);
  return copy;
}
