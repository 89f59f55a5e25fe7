import type { TaskEvent } from '../../tasks/model/event.ts';
import { JobTable } from '../../tasks/model/fold.ts';
import type { JobTree, OwnerRecord } from '../../tasks/model/record.ts';
import type { OwnerState, SnapshotPart, WireEvent, WireProgress } from '../wire.ts';
import { JobView } from './job-view.ts';

/** An owner; its memory is known of those that run something. */
export type ShownOwner = OwnerRecord & Partial<Pick<OwnerState, 'residentBytes'>>;

/** All that the page knows of the store: a snapshot, and every event behind it. */
export class Board {
  #table = new JobTable();
  #views = new Map<number, JobView | undefined>();
  #parts: JobTree[] = [];
  readonly owners = new Map<number, ShownOwner>();
  /** Of the last event that was applied. */
  seq = 0;
  /** Whether there was a snapshot. */
  isLoaded = false;
  /** Grows whenever anything but progress has changed. */
  shape = 0;

  /** Ids of all jobs, in the order of their registration. */
  get ids(): Iterable<number> {
    return this.#views.keys();
  }

  get size(): number {
    return this.#views.size;
  }

  /** The same object until something of the job changes. */
  view(jobId: number): JobView | undefined {
    const known = this.#views.get(jobId);
    if (known || !this.#views.has(jobId)) return known;
    const tree = this.#table.get(jobId);
    if (tree === undefined) return undefined;
    const view = new JobView(tree);
    this.#views.set(jobId, view);
    return view;
  }

  /** Everything in the order of registration, as it would be read from the table. */
  get jobs(): readonly JobTree[] {
    return this.#table.jobs;
  }

  /** Takes a part of a snapshot; what was there before goes with the last one. True when it is whole. */
  takeSnapshot(part: SnapshotPart): boolean {
    if (part.isFirst) this.#parts = [];
    this.#parts.push(...part.jobs);
    this.takeOwners(part.owners);
    if (!part.isLast) return false;
    this.#table = new JobTable(this.#parts);
    this.#views = new Map(this.#parts.map(({ job }) => [job.id, undefined]));
    this.#parts = [];
    this.seq = part.seq;
    this.isLoaded = true;
    this.shape += 1;
    return true;
  }

  /** Applies what was sent, and answers it as events. */
  takeEvents(sent: readonly WireEvent[]): readonly TaskEvent[] {
    // One by one: what moves may have been registered just before.
    return sent.flatMap((entry) => {
      const event = isProgress(entry) ? this.#read(entry) : entry;
      if (event) this.#take(event);
      return event ?? [];
    });
  }

  takeOwners(owners: readonly ShownOwner[]): void {
    // A snapshot does not tell of memory, and takes nothing away that is known of it.
    for (const owner of owners) {
      this.owners.set(owner.id, { ...this.owners.get(owner.id), ...owner });
    }
    this.shape += 1;
  }

  #take(event: TaskEvent): void {
    this.#table.apply(event);
    this.seq = Math.max(this.seq, event.seq);
    if (event.kind !== 'progress') this.shape += 1;
    if (event.kind === 'cleared') {
      for (const id of this.#views.keys()) if (!this.#table.get(id)) this.#views.delete(id);
    } else if (event.kind === 'removed') this.#views.delete(event.jobId);
    else {
      if (event.kind === 'replaced') this.#views.delete(event.former);
      const isNew = event.kind === 'stored' || event.kind === 'replaced';
      if (isNew || this.#views.has(event.jobId)) this.#views.set(event.jobId, undefined);
    }
  }

  #read([seq, at, jobId, movements]: WireProgress): TaskEvent | undefined {
    const job = this.view(jobId)?.job;
    return (
      job && {
        ...{ kind: 'progress', seq, at, jobId },
        ...{ database: job.database, user: job.user, job: job.job },
        movements: movements.map(([task, progress, taskSeq, message = null]) => {
          return { task, taskSeq, progress, message };
        }),
      }
    );
  }
}

function isProgress(entry: WireEvent): entry is WireProgress {
  return Array.isArray(entry);
}
