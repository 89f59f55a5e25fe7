/** Gives equal JSON values equal numbers, in the order in which they are first seen. */
export class Interner {
  readonly #numbers = new Map<number, number>();
  readonly #texts = new Map<string, number>();
  #next = 0;

  of(value: unknown): number {
    return typeof value === 'number' ? this.#get(this.#numbers, value) : this.#ofText(value);
  }

  get size(): number {
    return this.#next;
  }

  #ofText(value: unknown): number {
    return this.#get(this.#texts, canonicalJson(value));
  }

  #get<K>(map: Map<K, number>, key: K): number {
    let id = map.get(key);
    if (id === undefined) {
      id = this.#next++;
      map.set(key, id);
    }
    return id;
  }
}

/** JSON with the names of objects in order: equal values, equal text. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, one]) => one !== undefined);
    const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${sorted.map(([name, one]) => `${JSON.stringify(name)}:${canonicalJson(one)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
