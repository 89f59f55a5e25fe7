import type { EndedEvent, JobEvent, TaskEvent } from './event.ts';
import { isFinal, type JobRecord, type JobTree, type TaskRecord } from './record.ts';

/** A job that events are applied to. */
interface FoldedJob {
  job: JobRecord;
  readonly tasks: Map<number, TaskRecord>;
}

/**
 * Jobs as events make them: begun with a snapshot, and given every event behind it, it holds what the
 * table holds.
 */
export class JobTable {
  readonly #jobs = new Map<number, FoldedJob>();

  constructor(jobs: readonly JobTree[] = []) {
    for (const tree of jobs) this.#put(tree);
  }

  /** In the order of their registration. */
  get jobs(): readonly JobTree[] {
    return [...this.#jobs.values()].map(treeOf);
  }

  get(jobId: number): JobTree | undefined {
    const found = this.#jobs.get(jobId);
    return found && treeOf(found);
  }

  task(jobId: number, task: number): TaskRecord | undefined {
    return this.#jobs.get(jobId)?.tasks.get(task);
  }

  /**
   * Applies one event. One of a task that is behind what is known of it changes nothing; a
   * registration makes the job anew, so events from before the snapshot are not to be given.
   */
  apply(event: TaskEvent): void {
    if (event.kind === 'cleared') this.#clear(event.database, event.user);
    else if (event.kind === 'stored') this.#put({ job: event.record, tasks: event.tasks });
    else if (event.kind === 'replaced') {
      this.#jobs.delete(event.former);
      this.#put({ job: event.record, tasks: event.tasks });
    } else if (event.kind === 'removed') this.#jobs.delete(event.jobId);
    else {
      const found = this.#jobs.get(event.jobId);
      if (found) change(found, event);
    }
  }

  #put({ job, tasks }: JobTree): void {
    this.#jobs.set(job.id, { job, tasks: new Map(tasks.map((task) => [task.id, task])) });
  }

  #clear(database: string, user: string | null): void {
    for (const [id, { job }] of this.#jobs) {
      if (job.database === database && (user === null || job.user === user)) this.#jobs.delete(id);
    }
  }
}

function treeOf({ job, tasks }: FoldedJob): JobTree {
  return { job, tasks: [...tasks.values()] };
}

type Change = Exclude<JobEvent, { kind: 'stored' | 'replaced' | 'removed' }>;

function change(folded: FoldedJob, event: Change): void {
  if (event.kind === 'progress') {
    for (const { task, taskSeq, progress, message } of event.movements) {
      changeTask(folded, task, taskSeq, () => ({ progress, message }));
    }
    return;
  }
  if (!changeTask(folded, event.task, event.taskSeq, (task) => changesBy(event, task))) return;
  if (event.kind === 'added') {
    for (const task of event.tasks) folded.tasks.set(task.id, task);
  } else if (event.kind === 'cancel-requested') {
    folded.job = { ...folded.job, cancelRequestedAt: event.at };
  } else if (event.kind === 'reserved') {
    folded.job = { ...folded.job, reservedBytes: event.reservedBytes };
  }
}

function changeTask(
  folded: FoldedJob,
  id: number,
  taskSeq: number,
  changes: (task: TaskRecord) => Partial<TaskRecord>,
): boolean {
  const task = folded.tasks.get(id);
  if (task === undefined || taskSeq <= task.taskSeq) return false;
  folded.tasks.set(id, { ...task, ...changes(task), taskSeq });
  return true;
}

function changesBy(
  event: Exclude<Change, { kind: 'progress' }>,
  task: TaskRecord,
): Partial<TaskRecord> {
  if (event.kind === 'started') return { status: 'running', startedAt: event.at };
  if (event.kind === 'volume') return { volume: event.volume };
  if (event.kind === 'recovered') return { status: event.status, finishedAt: null };
  if (!isEnd(event)) return {};
  const { progress, volume, message, error, isExcluded } = event;
  const status = isFinal(task.status) ? task.status : event.kind;
  return { status, finishedAt: event.at, progress, volume, message, error, isExcluded };
}

function isEnd(event: Change): event is EndedEvent {
  return isFinal(event.kind as EndedEvent['kind']);
}
