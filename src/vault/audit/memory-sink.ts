import type { AuditEvent, AuditRecord } from './event.ts';
import type { AuditSink, Begun } from './follow.ts';

/**
 * Keeps what it is given in memory, without a bound of its own: `clear` it now and then. Following
 * again goes on where it was.
 */
export class MemorySink implements AuditSink {
  #entries: AuditRecord[] = [];
  #last: AuditRecord | undefined;

  /** All since it was cleared, in their order. */
  get entries(): readonly AuditRecord[] {
    return this.#entries;
  }

  async begin(): Promise<Begun> {
    return { last: this.#last };
  }

  write(records: readonly AuditRecord[]): void {
    this.#entries.push(...records);
    this.#last = records.at(-1);
  }

  clear(): void {
    this.#entries = [];
  }

  /** How many there are of a kind, or of all. */
  count(kind?: AuditEvent['kind']): number {
    if (kind === undefined) return this.#entries.length;
    return this.#entries.filter(({ event }) => event.kind === kind).length;
  }
}
