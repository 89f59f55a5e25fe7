import type { Steps } from '../../engine/steps.ts';
import type { VaultState } from '../seal/vault-state.ts';
import type { Session } from '../session.ts';
import type { AuditRecord } from './event.ts';
import { type AuditSink, type FollowOptions, follow } from './follow.ts';
import { type AuditOptions, auditBody } from './log.ts';

export interface WatchOptions {
  /** `sequence` of the last event that is known already; from now on by default. */
  readonly after?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Page {
  readonly state: VaultState;
  readonly records: readonly AuditRecord[];
}

/** What has happened in a vault, by any process. */
export class Audit {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * One page, oldest first: each event held against the one before, and the last against what the
   * vault knows to be the last.
   * @throws TAMPERED
   */
  async read(options: AuditOptions = {}): Promise<readonly AuditRecord[]> {
    const { engine, book, keys } = this.#session;
    const { state, records } = await engine.read(function* (): Steps<Page> {
      const state = yield* book.state();
      return { state, records: yield* auditBody(keys.audit, state.audit, options) };
    });
    book.noteCommitted(state.revision);
    return records;
  }

  /** Reads the whole log and answers how many events there are. @throws TAMPERED */
  async verify(signal?: AbortSignal): Promise<number> {
    let count = 0;
    let after = 0;
    for (;;) {
      signal?.throwIfAborted();
      const page = await this.read({ after });
      const last = page.at(-1);
      if (last === undefined) return count;
      count += page.length;
      after = last.sequence;
    }
  }

  /** Events as they come. @throws TAMPERED */
  async *watch({ after, signal }: WatchOptions = {}): AsyncIterableIterator<AuditRecord> {
    const changes = this.#session.engine.changes(signal);
    let last = after ?? (await this.#session.read()).state.audit.sequence;
    for (;;) {
      for (const record of await this.read({ after: last })) {
        yield record;
        last = record.sequence;
      }
      if ((await changes.next()).done) return;
    }
  }

  /**
   * Gives a sink all events in their order, each at least once: those there are, and those of any
   * process as they come. It reads behind what is committed, so no write of the vault waits for a sink
   * or fails with it. Resolves when the signal is aborted, or when the vault closes and the sink has
   * what was done before. Rejects with what a sink throws, and does not retry.
   * @throws TAMPERED; CONFLICT for a sink that has events of another log
   */
  async follow(sink: AuditSink, options: FollowOptions = {}): Promise<void> {
    const read = (page: AuditOptions) => this.read(page);
    await this.#session.following(() => follow(this.#session, read, sink, options));
  }
}
