/** When an operation began and when it was over. */
interface Span {
  readonly begin: number;
  readonly end: number;
}

interface Taken {
  /** All before it are in the set, and of those behind it these. */
  readonly base: number;
  readonly more: readonly number[];
  /** The set with one more, by its place. */
  readonly larger: Map<number, number>;
  readonly first: number | undefined;
  readonly limit: number;
  readonly next: readonly number[];
  /** The last begin of those in it that change something. */
  readonly lastChange: number;
  readonly late: readonly number[];
}

/**
 * Sets of operations that may come before all others, each as a number. Real time leaves few of them:
 * all up to some moment, and a few that overlap it.
 */
export class TakenSets {
  /** Nothing taken yet. */
  readonly none: number;
  readonly #spans: readonly Span[];
  readonly #sets: Taken[] = [];
  readonly #ids = new Map<string, number>();
  readonly #changes: (place: number) => boolean;

  /** `spans` are sorted by `begin`; `changes` says of which it is known that they do more than look. */
  constructor(spans: readonly Span[], changes: (place: number) => boolean) {
    this.#spans = spans;
    this.#changes = changes;
    this.none = this.#add(0, [], { late: [], lastChange: 0 });
  }

  /** Places of those that may come next: which began before any that is left was over. */
  next(id: number): readonly number[] {
    return this.#of(id).next;
  }

  /** Until when the next one has to happen: the first end of those that are left. */
  limit(id: number): number {
    return this.#of(id).limit;
  }

  firstToEnd(id: number): number | undefined {
    return this.#of(id).first;
  }

  /** Those in the set before which all the others of it that change something might have come. */
  late(id: number): readonly number[] {
    return this.#of(id).late;
  }

  with(id: number, place: number): number {
    const set = this.#of(id);
    let larger = set.larger.get(place);
    if (larger === undefined) {
      larger = this.#idOf(set, place);
      set.larger.set(place, larger);
    }
    return larger;
  }

  #of(id: number): Taken {
    return this.#sets[id] as Taken;
  }

  #idOf(set: Taken, place: number): number {
    const more = [...set.more, place].sort((a, b) => a - b);
    let { base } = set;
    while (more[0] === base) {
      base += 1;
      more.shift();
    }
    const name = `${base} ${more.join()}`;
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const begin = this.#changes(place) ? (this.#spans[place]?.begin ?? 0) : 0;
    const lastChange = Math.max(set.lastChange, begin);
    const id = this.#add(base, more, { late: [...set.late, place], lastChange });
    this.#ids.set(name, id);
    return id;
  }

  #add(
    base: number,
    more: readonly number[],
    { late, lastChange }: Pick<Taken, 'late' | 'lastChange'>,
  ): number {
    const left: number[] = [];
    let first: number | undefined;
    let limit = Number.POSITIVE_INFINITY;
    for (let place = base; place < this.#spans.length; place += 1) {
      const { begin, end } = this.#spans[place] as Span;
      // Who begins later is not over sooner either.
      if (begin > limit) break;
      if (more.includes(place)) continue;
      left.push(place);
      if (end >= limit) continue;
      first = place;
      limit = end;
    }
    const spanOf = (place: number) => this.#spans[place] as Span;
    this.#sets.push({
      ...{ base, more, first, limit, lastChange },
      larger: new Map(),
      next: left.filter((place) => spanOf(place).begin <= limit),
      late: late.filter((place) => spanOf(place).end >= lastChange),
    });
    return this.#sets.length - 1;
  }
}
