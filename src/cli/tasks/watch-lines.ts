import type { JobEvent, JobTree, TaskEvent } from '../../tasks.ts';
import { plainText } from '../text.ts';
import { clockTime } from './local-time.ts';
import type { TasksCall } from './options.ts';
import { endText, StepLog } from './step-log.ts';
import { statusOf, type Target } from './target.ts';
import { TaskNames } from './task-names.ts';
import { rootOf, Watched } from './watched.ts';

/** Shows jobs as they go where no line can be written over; answers the exit status. */
export async function watchLines(call: TasksCall, target: Target): Promise<number> {
  const watched = new Watched();
  const lines = new Lines(call, watched, !target.isOneJob);
  const { tasks, filter } = target;
  for await (const update of tasks.subscribe({ ...filter, signal: call.signal })) {
    if (update.kind === 'events') for (const event of update.events) lines.tell(event);
    else {
      watched.reset(update.jobs);
      lines.tellAll(Date.now());
      const hasEnded = update.kind === 'snapshot' && statusOf(target, watched) !== undefined;
      if (hasEnded) for (const tree of watched.all) lines.tellEnd(tree, Date.now());
    }
    if (!(await call.flush())) return 0;
    const status = statusOf(target, watched);
    if (status !== undefined) return status;
  }
  call.signal.throwIfAborted();
  return 0;
}

/** One line for each thing that is new. */
class Lines {
  readonly #call: TasksCall;
  readonly #watched: Watched;
  readonly #hasJobs: boolean;
  readonly #log = new StepLog();
  readonly #names = new TaskNames();

  constructor(call: TasksCall, watched: Watched, hasJobs: boolean) {
    this.#call = call;
    this.#watched = watched;
    this.#hasJobs = hasJobs;
  }

  tell(event: TaskEvent): void {
    if (event.kind === 'removed' || event.kind === 'replaced') {
      this.#forget(this.#watched.get(event.kind === 'replaced' ? event.former : event.jobId));
      this.#line(event.at, event.job, event.kind);
    }
    this.#watched.apply(event);
    if (event.kind === 'cleared') return;
    if ('tasks' in event) this.#names.learn(event.jobId, event.tasks);
    for (const id of touchedBy(event)) this.#tellOf(event, id, event.at);
  }

  /** What there is now, for the first time or anew. */
  tellAll(at: number): void {
    for (const { job, tasks } of this.#watched.all) {
      this.#names.learn(job.id, tasks);
      for (const { id } of tasks) this.#tellOf({ jobId: job.id, job: job.job }, id, at);
    }
  }

  tellEnd(tree: JobTree, at: number): void {
    const root = rootOf(tree);
    if (root) this.#line(at, tree.job.job, `${plainText(root.name)}: ${endText(root)}`);
  }

  #tellOf({ jobId, job }: { jobId: number; job: string }, id: number, at: number): void {
    const task = this.#watched.task(jobId, id);
    const text = task && this.#log.lineOf(task, at);
    if (text !== undefined) this.#line(at, job, `${this.#names.path(id)}: ${text}`);
  }

  #forget(tree: JobTree | undefined): void {
    if (tree === undefined) return;
    this.#log.forget(tree.tasks);
    this.#names.forget(tree.job.id);
  }

  #line(at: number, job: string, text: string): void {
    const name = this.#hasJobs ? `${plainText(job)}  ` : '';
    this.#call.out(`${clockTime(at)}  ${name}${text}\n`);
  }
}

/** The tasks that an event tells of. */
function touchedBy(event: JobEvent): readonly number[] {
  if (event.kind === 'progress') return event.movements.map(({ task }) => task);
  return 'tasks' in event ? event.tasks.map(({ id }) => id) : [event.task];
}
