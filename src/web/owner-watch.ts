import type { OwnerRecord } from '../tasks.ts';
import { residentBytes } from './resident-memory.ts';
import type { Source } from './source.ts';
import type { OwnerState } from './wire.ts';

/** A dead owner's tasks are lost within a second, and its badge says so as soon. */
const INTERVAL_MS = 1000;

/** Looks at the owners of active jobs, for as long as anybody watches. One for all readers. */
export class OwnerWatch {
  #source: Source;
  #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #told = '[]';

  states: readonly OwnerState[] = [];
  /** Grows with every change of `states`. */
  version = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Calls `listener` after every change, until what it answers is called. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) void this.#look();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearTimeout(this.#timer);
    };
  }

  async #look(): Promise<void> {
    const owners = await this.#owners();
    // Leases are renewed all the time, and nobody is shown them.
    const told = JSON.stringify(owners.map((owner) => ({ ...owner, leaseUntil: 0 })));
    if (told !== this.#told) {
      this.#told = told;
      this.states = owners;
      this.version += 1;
      for (const listener of this.#listeners) listener();
    }
    clearTimeout(this.#timer);
    if (this.#listeners.size > 0) this.#timer = setTimeout(() => void this.#look(), INTERVAL_MS);
  }

  async #owners(): Promise<readonly OwnerState[]> {
    const found = new Map<number, OwnerRecord>();
    const query = { active: true, allUsers: true, allDatabases: true };
    try {
      const { items } = await this.#source.list(query);
      for (const { owner } of items) found.set(owner.id, owner);
    } catch {
      // A store that cannot be read is told by the stream, which reads it too.
      return this.states;
    }
    return [...found.values()].map((owner) => ({ ...owner, residentBytes: residentBytes(owner) }));
  }
}
