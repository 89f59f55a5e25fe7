import { setTimeout as pause } from 'node:timers/promises';
import type {
  SubjectEvent,
  SubjectJobRow,
  SubjectListener,
  SubjectUpdate,
} from '../../../src/torture.ts';
import { rowOf } from './honest.ts';

/** What an event says of a job, and what a table holds of it. */
export interface Change {
  readonly job: string;
  readonly jobId: number;
  readonly generation: number;
  readonly status: string;
  readonly progress: number;
  readonly taskSeq: number;
  readonly former?: number | undefined;
}

/** Where a listener reads. */
export interface Source {
  snapshot(): { readonly seq: number; readonly jobs: readonly Change[] };
  eventsAfter(seq: number): readonly (SubjectEvent & Change)[];
}

const LOOK_MS = 3;

/** Reads a snapshot and then the log, on a loop of its own. */
export class HonestListener implements SubjectListener {
  seq = -1;
  errors = 0;
  protected readonly table = new Map<number, Change>();
  readonly #hear: (update: SubjectUpdate) => void | Promise<void>;
  readonly #done: Promise<void>;
  #isClosed = false;

  constructor(
    source: Source,
    hear: (update: SubjectUpdate) => void | Promise<void>,
    after: number | undefined,
  ) {
    this.#hear = hear;
    this.#done = this.#follow(source, after);
  }

  get rows(): readonly SubjectJobRow[] {
    return [...this.table.values()].map((row) => rowOf(row));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#done;
  }

  /** Where it goes on after the snapshot. */
  protected async cursor(_source: Source, seq: number): Promise<number> {
    return seq;
  }

  /** What it gives on of what it has read. */
  protected events(found: readonly (SubjectEvent & Change)[]): readonly (SubjectEvent & Change)[] {
    return found;
  }

  protected apply(event: SubjectEvent & Change): void {
    if (event.former !== undefined) this.table.delete(event.former);
    if (event.kind === 'removed') this.table.delete(event.jobId);
    else this.table.set(event.jobId, event);
  }

  async #follow(source: Source, after: number | undefined): Promise<void> {
    let seq = after ?? 0;
    if (after === undefined) {
      const { seq: begun, jobs } = source.snapshot();
      for (const row of jobs) this.table.set(row.jobId, row);
      await this.#give({ kind: 'snapshot', seq: begun, events: [] });
      seq = await this.cursor(source, begun);
      this.seq = seq;
    }
    while (!this.#isClosed) {
      const found = source.eventsAfter(seq);
      const last = found.at(-1);
      if (last === undefined) {
        await pause(LOOK_MS);
        continue;
      }
      seq = last.seq;
      const events = this.events(found);
      for (const event of events) this.apply(event);
      await this.#give({ kind: 'events', seq, events });
    }
  }

  async #give(update: SubjectUpdate): Promise<void> {
    this.seq = update.seq;
    try {
      await this.#hear(update);
    } catch {
      this.errors += 1;
    }
  }
}
