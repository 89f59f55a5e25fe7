import type { Call } from './call.ts';

/** No entry, no call. */
export const NOTHING = -1;

/** Before the first entry. */
const HEAD = 0;

/**
 * The invokes and returns of the calls that returned, in real-time order, without those of calls
 * that were taken out. Entry 2i + 1 is the invoke of call i, 2i + 2 its return.
 */
export class EventList {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  #returnsLeft = 0;

  constructor(calls: readonly Call[]) {
    this.#next = new Int32Array(2 * calls.length + 1).fill(NOTHING);
    this.#previous = new Int32Array(2 * calls.length + 1).fill(NOTHING);
    this.#link(calls);
  }

  /** How many calls are in the list. */
  get returnsLeft(): number {
    return this.#returnsLeft;
  }

  get first(): number {
    return this.after(HEAD);
  }

  after(entry: number): number {
    return this.#next[entry] ?? NOTHING;
  }

  /** Links the events of the calls that returned, in real-time order. */
  #link(calls: readonly Call[]): void {
    const begins = calls
      .keys()
      .filter((index) => !isPending(calls[index]))
      .toArray();
    const endOf = (index: number | undefined) => calls[index ?? NOTHING]?.end ?? 0;
    const ends = begins.toSorted((a, b) => endOf(a) - endOf(b));
    this.#returnsLeft = ends.length;
    let last = HEAD;
    const append = (entry: number) => {
      this.#next[last] = entry;
      this.#previous[entry] = last;
      last = entry;
    };
    let at = 0;
    for (const index of begins) {
      // At equal places an invoke comes first: what touched counts as concurrent.
      const begin = calls[index]?.begin ?? 0;
      for (; at < ends.length && endOf(ends[at]) < begin; at += 1)
        append(returnOf(ends[at] as number));
      append(invokeOf(index));
    }
    for (; at < ends.length; at += 1) append(returnOf(ends[at] as number));
  }

  /** Takes a call out. */
  lift(index: number): void {
    this.#unlink(invokeOf(index));
    this.#unlink(returnOf(index));
    this.#returnsLeft -= 1;
  }

  /** In the reverse order of `lift`, so that each entry finds its neighbours as they were. */
  unlift(index: number): void {
    this.#relink(returnOf(index));
    this.#relink(invokeOf(index));
    this.#returnsLeft += 1;
  }

  #unlink(entry: number): void {
    const previous = this.#previous[entry] as number;
    const next = this.#next[entry] as number;
    this.#next[previous] = next;
    if (next !== NOTHING) this.#previous[next] = previous;
  }

  #relink(entry: number): void {
    const previous = this.#previous[entry] as number;
    const next = this.#next[entry] as number;
    this.#next[previous] = entry;
    if (next !== NOTHING) this.#previous[next] = entry;
  }
}

export function invokeOf(index: number): number {
  return 2 * index + 1;
}

function returnOf(index: number): number {
  return 2 * index + 2;
}

export function isInvoke(entry: number): boolean {
  return (entry & 1) === 1 && entry !== NOTHING;
}

export function callOf(entry: number): number {
  return (entry - 1) >> 1;
}

/** Whether nobody saw it return. */
export function isPending(call: Call | undefined): boolean {
  return call?.end === Number.POSITIVE_INFINITY;
}
