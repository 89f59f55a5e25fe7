import type { Violation } from './verdict.ts';

/** What a run found, equal findings together. */
export class Violations {
  readonly #groups = new Map<string, { first: Violation; count: number }>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(violation: Violation): void {
    this.#total += violation.alike + 1;
    // The same broken rule shows with one port and the next, one caller and the next.
    const key = `${violation.invariant}\0${violation.message.replace(/\d+/g, '0')}`;
    const group = this.#groups.get(key);
    if (group) group.count += violation.alike + 1;
    else this.#groups.set(key, { first: violation, count: violation.alike + 1 });
  }

  /** The first of each kind, with how many more there were. */
  get kinds(): readonly Violation[] {
    return [...this.#groups.values()].map(({ first, count }) => ({ ...first, alike: count - 1 }));
  }
}
