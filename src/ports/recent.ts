import type { Reservation } from './reservation.ts';

/** Reservations remembered by one handle; a process uses a handful. */
const RECENT_MAX = 4096;

/** What one handle last saw of some keys: guesses, never the truth. */
export class Recent {
  // By tag, then by path: both strings carry their hash, which a joined key would not.
  readonly #byTag = new Map<string, Map<string, Reservation>>();
  #count = 0;

  get(path: string, tag: string): Reservation | undefined {
    return this.#byTag.get(tag)?.get(path);
  }

  set(row: Reservation): void {
    if (this.#count >= RECENT_MAX) this.#clear();
    const tag = row.tag ?? '';
    let byPath = this.#byTag.get(tag);
    if (byPath === undefined) {
      byPath = new Map();
      this.#byTag.set(tag, byPath);
    }
    const before = byPath.size;
    byPath.set(row.path, row);
    this.#count += byPath.size - before;
  }

  #clear(): void {
    this.#byTag.clear();
    this.#count = 0;
  }
}
