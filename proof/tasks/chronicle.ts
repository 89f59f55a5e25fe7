import {
  isFinal,
  type JobTree,
  type TaskEvent,
  type TaskRecord,
  type TaskStatus,
} from '../../src/tasks.ts';

interface Known {
  readonly jobId: number;
  readonly parent: number | null;
  /** Whether its parts run one at a time. */
  readonly takesTurns: boolean;
  status: TaskStatus;
  taskSeq: number;
  progress: number;
  /** How many of its parts have not ended, and how many of these run. */
  activeParts: number;
  runningParts: number;
}

interface KnownJob {
  readonly database: string;
  readonly user: string;
  readonly tasks: number[];
}

/** Follows a log event by event, and finds what cannot be: gaps, and what comes before its cause. */
export class Chronicle {
  readonly faults: string[] = [];
  readonly #tasks = new Map<number, Known>();
  readonly #jobs = new Map<number, KnownJob>();
  #seq: number;

  /** `before`: what there was when event `seq` was the last. */
  constructor(seq = 0, before: readonly JobTree[] = []) {
    this.#seq = seq;
    for (const { job, tasks } of before) this.#begin(job.id, job, tasks);
  }

  /** Number of the last event. */
  get seq(): number {
    return this.#seq;
  }

  add(event: TaskEvent): void {
    if (event.seq !== this.#seq + 1) this.#fault(event, `comes after ${this.#seq}`);
    this.#seq = event.seq;
    if (event.kind === 'cleared') this.#clear(event.database, event.user);
    else if (event.kind === 'stored' || event.kind === 'replaced') {
      if (event.kind === 'replaced') this.#end(event, event.former);
      if (this.#jobs.has(event.jobId)) this.#fault(event, 'stores a job that is there');
      this.#begin(event.jobId, event, event.tasks);
    } else if (!this.#jobs.has(event.jobId)) this.#fault(event, 'is of a job that is not there');
    else if (event.kind === 'progress') {
      for (const move of event.movements) this.#move(event, move);
    } else this.#change(event);
  }

  #begin(
    id: number,
    whose: { database: string; user: string },
    tasks: readonly TaskRecord[],
  ): void {
    const { database, user } = whose;
    const job: KnownJob = { database, user, tasks: [] };
    this.#jobs.set(id, job);
    for (const task of tasks) this.#addTask(id, job, task);
  }

  #addTask(jobId: number, job: KnownJob, task: TaskRecord): void {
    const { id, parent, status, taskSeq, progress } = task;
    const takesTurns = task.mode !== 'parallel';
    const parts = { activeParts: 0, runningParts: 0 };
    this.#tasks.set(id, { jobId, parent, takesTurns, status, taskSeq, progress, ...parts });
    job.tasks.push(id);
    this.#countPart(this.#parentOf({ parent }), status, 1);
  }

  #end(event: TaskEvent, jobId: number): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined) this.#fault(event, `ends job ${jobId}, which is not there`);
    for (const id of job?.tasks ?? []) this.#tasks.delete(id);
    this.#jobs.delete(jobId);
  }

  #clear(database: string, user: string | null): void {
    for (const [id, job] of this.#jobs) {
      if (job.database !== database || (user !== null && job.user !== user)) continue;
      for (const task of job.tasks) this.#tasks.delete(task);
      this.#jobs.delete(id);
    }
  }

  #move(event: TaskEvent, move: { task: number; taskSeq: number; progress: number }): void {
    const task = this.#count(event, move);
    if (task === undefined) return;
    if (task.status !== 'running') this.#fault(event, `moves a task that is ${task.status}`);
    if (move.progress < task.progress) this.#fault(event, 'goes back');
    task.progress = move.progress;
  }

  #change(
    event: Exclude<TaskEvent, { kind: 'cleared' | 'progress' | 'stored' | 'replaced' }>,
  ): void {
    const task = this.#count(event, event);
    if (task === undefined) return;
    const { kind } = event;
    if (kind === 'started') this.#start(event, task);
    else if (kind === 'recovered') this.#recover(event, task, event.status);
    else if (kind === 'added') {
      if (isFinal(task.status)) this.#fault(event, 'adds to a task that has ended');
      const job = this.#jobs.get(event.jobId);
      if (job) for (const part of event.tasks) this.#addTask(event.jobId, job, part);
    } else if (kind === 'removed') this.#end(event, event.jobId);
    else if (isEnd(kind)) this.#finish(event, task, kind);
    else if (kind !== 'log' && isFinal(task.status)) this.#fault(event, 'is of an ended task');
  }

  #start(event: TaskEvent, task: Known): void {
    const parent = this.#parentOf(task);
    if (task.status !== 'pending') this.#fault(event, `starts a task that is ${task.status}`);
    if (parent && parent.status !== 'running') this.#fault(event, 'starts before its parent');
    if (parent?.takesTurns && parent.runningParts > 0) this.#fault(event, 'starts out of turn');
    this.#become(task, 'running');
  }

  #finish(event: TaskEvent, task: Known, status: TaskStatus): void {
    if (isFinal(task.status)) this.#fault(event, `ends a task that is ${task.status}`);
    if (task.activeParts > 0) this.#fault(event, `ends before ${task.activeParts} of its parts`);
    this.#become(task, status);
  }

  #recover(event: TaskEvent, task: Known, status: TaskStatus): void {
    const parent = this.#parentOf(task);
    if (task.status !== 'lost') this.#fault(event, `recovers a task that is ${task.status}`);
    if (parent && isFinal(parent.status)) this.#fault(event, 'recovers before its parent');
    this.#become(task, status);
  }

  #become(task: Known, status: TaskStatus): void {
    const parent = this.#parentOf(task);
    this.#countPart(parent, task.status, -1);
    this.#countPart(parent, status, 1);
    task.status = status;
  }

  #countPart(parent: Known | undefined, status: TaskStatus, by: 1 | -1): void {
    if (parent === undefined || isFinal(status)) return;
    parent.activeParts += by;
    if (status === 'running') parent.runningParts += by;
  }

  /** The task of a number, which must be its next one. */
  #count(event: TaskEvent, which: { task: number; taskSeq: number }): Known | undefined {
    const task = this.#tasks.get(which.task);
    if (task === undefined) {
      this.#fault(event, `is of task ${which.task}, which is not there`);
      return undefined;
    }
    const expected = task.taskSeq + 1;
    if (which.taskSeq !== expected)
      this.#fault(event, `is ${which.taskSeq} of its task, not ${expected}`);
    task.taskSeq = which.taskSeq;
    return task;
  }

  #parentOf({ parent }: { readonly parent: number | null }): Known | undefined {
    return parent === null ? undefined : this.#tasks.get(parent);
  }

  #fault({ seq, kind }: TaskEvent, what: string): void {
    this.faults.push(`event ${seq} (${kind}) ${what}`);
  }
}

type End = 'finished' | 'failed' | 'canceled' | 'lost';

export function isEnd(kind: string): kind is End {
  return kind === 'finished' || kind === 'failed' || kind === 'canceled' || kind === 'lost';
}
