import { createHash, type Hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type {
  SubjectEvent,
  SubjectJobRow,
  SubjectListener,
  SubjectUpdate,
  TasksSubject,
} from './subject.ts';

/** How a follower behaves: it hears at once, takes its time, or throws whatever it hears. */
export type Manner = 'steady' | 'slow' | 'throwing';

/** What a follower has heard, when there was nothing more to hear. */
export interface Heard {
  readonly manner: Manner;
  /** Of the snapshot, and of the last event. */
  readonly from: number;
  readonly to: number;
  readonly updates: number;
  /** How often its store was told that it threw. */
  readonly errors: number;
  readonly count: number;
  /** Of all events in between, as `digestOf` makes it. */
  readonly digest: string;
  /** Where its table is not what was listed. */
  readonly differences: readonly string[];
  /** Whether it has not come to the end in all that time. */
  readonly isBehind: boolean;
}

const SLOW_MS = 3;
const LOOK_MS = 2;
const PATIENCE_MS = 20_000;

/** Follows a store from some moment on. */
export class Follower {
  readonly #manner: Manner;
  readonly #hash = createHash('sha256');
  readonly #listener: SubjectListener;
  #from = -1;
  #updates = 0;
  #count = 0;

  /** Behind the event `after`, or from what there is now. */
  constructor(tasks: TasksSubject, manner: Manner, after?: number) {
    this.#manner = manner;
    this.#listener = tasks.listen((update) => this.#hear(update), { after });
  }

  /** Waits until it has heard all that a list knows of, and compares the two. */
  async heard(tasks: TasksSubject): Promise<Heard> {
    const deadline = performance.now() + PATIENCE_MS;
    const listener = this.#listener;
    let listing = await tasks.list();
    while (listener.seq !== listing.seq && performance.now() < deadline) {
      if (listener.seq > listing.seq) listing = await tasks.list();
      else await pause(LOOK_MS);
    }
    return {
      manner: this.#manner,
      from: this.#from,
      to: listener.seq,
      updates: this.#updates,
      errors: listener.errors,
      count: this.#count,
      digest: this.#hash.copy().digest('hex'),
      differences: differences(listener.rows, listing.rows),
      isBehind: listener.seq < listing.seq,
    };
  }

  async close(): Promise<void> {
    await this.#listener.close();
  }

  async #hear({ kind, seq, events }: SubjectUpdate): Promise<void> {
    this.#updates += 1;
    if (kind === 'snapshot') this.#from = seq;
    // Nothing is compacted here that a follower might have missed.
    if (kind === 'reset') this.#hash.update('reset');
    take(this.#hash, events);
    this.#count += events.length;
    if (this.#manner === 'slow') await pause(SLOW_MS);
    if (this.#manner === 'throwing') throw new Error('thrown by a listener');
  }
}

/** The same for the same events in the same order. */
export function digestOf(events: readonly SubjectEvent[]): string {
  const hash = createHash('sha256');
  take(hash, events);
  return hash.digest('hex');
}

function take(hash: Hash, events: readonly SubjectEvent[]): void {
  for (const { seq, kind, job, jobId, task, taskSeq, progress } of events) {
    hash.update(JSON.stringify([seq, kind, job, jobId, task, taskSeq, progress]));
  }
}

/** Jobs that one of them has and the other has not, or not so; the first few. */
export function differences(
  told: readonly SubjectJobRow[],
  listed: readonly SubjectJobRow[],
): readonly string[] {
  const known = new Map(told.map((row) => [row.jobId, row]));
  const missing = listed.filter(({ jobId }) => !known.has(jobId));
  const others = listed.filter(({ jobId, record }) => {
    const one = known.get(jobId);
    return one !== undefined && one.record !== record;
  });
  const there = new Set(listed.map(({ jobId }) => jobId));
  const gone = told.filter(({ jobId }) => !there.has(jobId));
  return [
    ...missing.map((row) => `${nameOf(row)} is listed and was not told of`),
    ...gone.map((row) => `${nameOf(row)} was told of and is not listed`),
    ...others.map((row) => `${nameOf(row)} was told as ${known.get(row.jobId)?.record}`),
  ].slice(0, DIFFERENCES_MAX);
}

const DIFFERENCES_MAX = 5;

function nameOf({ job, jobId, status, progress }: SubjectJobRow): string {
  return `${job} (${jobId}, ${status} at ${progress})`;
}
