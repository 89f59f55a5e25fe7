/** When an operation began and when it was over. */
interface Span {
  readonly begin: number;
  readonly end: number;
}

interface Taken {
  readonly places: ReadonlySet<number>;
  /** The set with one more, by its place. */
  readonly larger: Map<number, number>;
  /** The first to end of those that are not in it. */
  readonly first: number | undefined;
  readonly limit: number;
  readonly next: readonly number[];
}

/** Sets of operations that may come before all others, each as a number. */
export class TakenSets {
  /** Nothing taken yet. */
  readonly none: number;
  readonly #spans: readonly Span[];
  readonly #sets: Taken[] = [];
  readonly #ids = new Map<string, number>();

  /** `spans` are sorted by `begin`. */
  constructor(spans: readonly Span[]) {
    this.#spans = spans;
    this.none = this.#idOf(new Set());
  }

  /** Places of those that may come next: which began before any that is left was over. */
  next(id: number): readonly number[] {
    return this.#sets[id]?.next ?? [];
  }

  /** Until when the next one has to happen. */
  limit(id: number): number {
    return this.#sets[id]?.limit ?? 0;
  }

  firstToEnd(id: number): number | undefined {
    return this.#sets[id]?.first;
  }

  with(id: number, place: number): number {
    const set = this.#sets[id] as Taken;
    const known = set.larger.get(place);
    if (known !== undefined) return known;
    const larger = this.#idOf(new Set(set.places).add(place));
    set.larger.set(place, larger);
    return larger;
  }

  #idOf(places: ReadonlySet<number>): number {
    const name = [...places].sort((a, b) => a - b).join();
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#sets.length;
    this.#ids.set(name, id);
    this.#sets.push(this.#describe(places));
    return id;
  }

  #describe(places: ReadonlySet<number>): Taken {
    const left = [...this.#spans.keys()].filter((place) => !places.has(place));
    const endOf = (place: number) => this.#spans[place]?.end ?? 0;
    const first = left.reduce<number | undefined>(
      (soonest, place) =>
        soonest === undefined || endOf(place) < endOf(soonest) ? place : soonest,
      undefined,
    );
    const limit = first === undefined ? Number.POSITIVE_INFINITY : endOf(first);
    const next = left.filter((place) => (this.#spans[place]?.begin ?? 0) <= limit);
    return { places, larger: new Map(), first, limit, next };
  }
}
