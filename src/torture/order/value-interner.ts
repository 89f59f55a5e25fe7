/**
 * Gives equal values equal numbers, from 0 in the order in which they are first seen. Objects are
 * equal whatever the order of their fields; a field that is undefined is none. What is not plain data
 * is equal to nothing but itself.
 */
export class ValueInterner {
  readonly #numbers = new Map<number, number>();
  readonly #texts = new Map<string, number>();
  readonly #objects = new Map<unknown, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  of(value: unknown): number {
    return typeof value === 'number'
      ? this.#numberOf(this.#numbers, value)
      : this.#numberOf(this.#texts, this.#text(value, []));
  }

  #numberOf<K>(map: Map<K, number>, key: K): number {
    let id = map.get(key);
    if (id === undefined) {
      id = this.#size++;
      map.set(key, id);
    }
    return id;
  }

  #text(value: unknown, holders: readonly unknown[]): string {
    if (typeof value === 'string') return JSON.stringify(value);
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'function' || typeof value === 'symbol') return this.#identity(value);
    if (typeof value !== 'object' || value === null) return String(value);
    if (holders.includes(value)) return this.#identity(value);
    const inside = [...holders, value];
    const list = (items: Iterable<unknown>) =>
      Array.from(items, (one) => this.#text(one, inside)).join();
    if (Array.isArray(value)) return `[${list(value)}]`;
    if (value instanceof Map) return `Map[${list(value)}]`;
    if (value instanceof Set) return `Set[${list(value)}]`;
    if (value instanceof Date) return `Date ${value.getTime()}`;
    if (value instanceof Uint8Array) return `Bytes ${value.join()}`;
    if (!isPlain(value)) return this.#identity(value);
    const fields = Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => `${JSON.stringify(name)}:${this.#text(one, inside)}`);
    return `{${fields.join()}}`;
  }

  #identity(value: unknown): string {
    let id = this.#objects.get(value);
    if (id === undefined) {
      id = this.#objects.size;
      this.#objects.set(value, id);
    }
    return `#${id}`;
  }
}

/** Of any realm: values of workers and of tests come from others. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
