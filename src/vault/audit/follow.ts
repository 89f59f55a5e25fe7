import { isDeepStrictEqual } from 'node:util';
import { monotonicMs } from '../../engine/clock.ts';
import { HoldfastError, wrongArgument } from '../../errors.ts';
import type { Session } from '../session.ts';
import type { AuditRecord } from './event.ts';
import type { AuditOptions } from './log.ts';
import { notePosition, readPosition } from './position.ts';

/** What a sink has already. */
export interface Begun {
  readonly last: AuditRecord | undefined;
}

/** Where events of the audit log go. A `write` or `flush` that fails ends the following. */
export interface AuditSink {
  /** Takes records, which follow those before without a gap; one call at a time. */
  write(records: readonly AuditRecord[]): Promise<void> | void;
  /** Called after each `write`: when it resolves, what was written is kept. */
  flush?(): Promise<void> | void;
  /**
   * Called first, for a sink that knows what it has: the log goes on behind that. May wait for its turn,
   * and answers undefined where `stop` is aborted before.
   */
  begin?(stop: AbortSignal): Promise<Begun | undefined>;
  /** Called last, also after a failure and where `begin` was given up. */
  end?(): Promise<void> | void;
}

export interface FollowOptions {
  /**
   * Under this name the vault remembers how far the sink is, for the next process that says it: 1 to
   * 64 of `A-Z a-z 0-9 _ . -`.
   */
  readonly name?: string | undefined;
  /**
   * `sequence` of the last event that is not wanted, where neither the sink nor the vault knows how far
   * the sink is; all are wanted by default.
   */
  readonly after?: number | undefined;
  /** Ends the following. */
  readonly signal?: AbortSignal | undefined;
}

type ReadPage = (options: AuditOptions) => Promise<readonly AuditRecord[]>;

const NOTHING: Begun = { last: undefined };

/** At once to a sink, and to be read again where it fails: small, so that reading it stops nobody. */
const PAGE = 250;

/** A position is a commit, so other writers are not asked for more than one a second. */
const NOTE_MS = 1000;

/** Gives a sink the log and what comes, until it is stopped. */
export async function follow(
  session: Session,
  read: ReadPage,
  sink: AuditSink,
  options: FollowOptions,
): Promise<void> {
  const { name, signal } = options;
  if (typeof sink?.write !== 'function') throw wrongArgument('type', 'a sink must have `write`');
  if (name !== undefined && !/^[\w.-]{1,64}$/.test(name)) {
    throw wrongArgument('range', `the name of a follower is 1 to 64 of A-Z a-z 0-9 _ . -`);
  }
  const stop = signal ? AbortSignal.any([signal, session.closing]) : session.closing;
  try {
    const begun = sink.begin ? await sink.begin(stop) : NOTHING;
    if (begun === undefined) return;
    const { last } = begun;
    if (last) await requireSame(read, last);
    const noted = name === undefined ? undefined : await readPosition(session, name);
    const after = last?.sequence ?? noted ?? options.after ?? 0;
    await new Follower(session, read, sink, { ...options, after, noted }).run(stop);
  } finally {
    await sink.end?.();
  }
}

class Follower {
  readonly #session: Session;
  readonly #read: ReadPage;
  readonly #sink: AuditSink;
  readonly #name: string | undefined;
  readonly #signal: AbortSignal | undefined;
  #after: number;
  #noted: number | undefined;
  #notedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    session: Session,
    read: ReadPage,
    sink: AuditSink,
    options: FollowOptions & { readonly after: number; readonly noted: number | undefined },
  ) {
    this.#session = session;
    this.#read = read;
    this.#sink = sink;
    this.#name = options.name;
    this.#signal = options.signal;
    this.#after = options.after;
    this.#noted = options.noted;
  }

  async run(stop: AbortSignal): Promise<void> {
    const changes = this.#session.engine.changes(stop);
    do await this.#catchUp();
    while (!(await changes.next()).done);
    // What was done before the vault began to close is still wanted.
    await this.#catchUp();
    await this.#note();
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      if (this.#signal?.aborted) return;
      const records = await this.#read({ after: this.#after, limit: PAGE });
      const last = records.at(-1);
      if (last === undefined) return;
      await this.#sink.write(records);
      await this.#sink.flush?.();
      this.#after = last.sequence;
      if (monotonicMs() - this.#notedAtMs >= NOTE_MS) await this.#note();
      if (records.length < PAGE) return;
    }
  }

  async #note(): Promise<void> {
    if (this.#name === undefined || this.#noted === this.#after) return;
    await notePosition(this.#session, this.#name, this.#after);
    this.#noted = this.#after;
    this.#notedAtMs = monotonicMs();
  }
}

/** @throws CONFLICT where the sink has what the log has not */
async function requireSame(read: ReadPage, last: AuditRecord): Promise<void> {
  const [found] = await read({ after: last.sequence - 1, limit: 1 });
  if (isDeepStrictEqual(found, last)) return;
  throw new HoldfastError(
    'CONFLICT',
    `the sink has an event ${last.sequence} that is not in this log: it is of another vault, or this one was put back to an older copy`,
  );
}
