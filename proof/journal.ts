import { existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';

/** One line of a victim's journal: what it began, what has resolved, or was refused. */
export interface Entry {
  readonly event: 'begin' | 'done' | 'failed';
  readonly kind: string;
}

/** What a victim had done, and what it was doing, when it was killed. */
export interface LastWords<E extends Entry> {
  readonly entries: readonly E[];
  readonly acknowledged: readonly E[];
  readonly inside: E | undefined;
}

export function readLastWords<E extends Entry>(file: string): LastWords<E> {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  // A line that was cut off by the kill was not written.
  return lastWordsOf(lines.slice(0, -1).map((line) => JSON.parse(line) as E));
}

export function lastWordsOf<E extends Entry>(entries: readonly E[]): LastWords<E> {
  const acknowledged = entries.filter((entry) => entry.event === 'done');
  const last = entries.at(-1);
  return { entries, acknowledged, inside: last?.event === 'begin' ? last : undefined };
}

/** Where a victim writes, each line with one synchronous write, until it is killed. */
export class Journal<E extends Entry> {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #isEarly: boolean;

  /** `isEarly` is a deliberate fault: to acknowledge before the work has resolved. */
  constructor(file: string, isEarly = false) {
    this.#file = file;
    this.#descriptor = openSync(file, 'a');
    this.#isEarly = isEarly;
  }

  /** From now on a kill hits what is to be hit. */
  noteAtWork(): void {
    if (isAtWork(this.#file)) return;
    // Who is killed writes no cache when it ends.
    flushCompileCache();
    writeFileSync(markOf(this.#file), '');
  }

  /** `work` answers what is to be noted when it has resolved. */
  async act(begin: E, work: () => Promise<E>): Promise<void> {
    this.note(begin);
    const pending = work();
    if (this.#isEarly) this.note({ ...begin, event: 'done' });
    const done = await pending;
    if (!this.#isEarly) this.note(done);
  }

  note(entry: E): void {
    writeSync(this.#descriptor, `${JSON.stringify(entry)}\n`);
  }
}

export function isAtWork(file: string): boolean {
  return existsSync(markOf(file));
}

/** While this file is there, victims that know of it begin nothing: a store is to be looked at. */
export function holdOf(store: string): string {
  return `${store}.hold`;
}

function markOf(file: string): string {
  return `${file}.at-work`;
}
