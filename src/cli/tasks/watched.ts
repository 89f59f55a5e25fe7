import { isFinal, JobTable, type JobTree, type TaskEvent, type TaskRecord } from '../../tasks.ts';

/** Jobs as a subscription tells of them. */
export class Watched {
  #table = new JobTable();
  readonly #active = new Set<number>();

  /** Begins anew with all there is. */
  reset(jobs: readonly JobTree[]): void {
    this.#table = new JobTable(jobs);
    this.#active.clear();
    for (const tree of jobs) if (isActive(tree)) this.#active.add(tree.job.id);
  }

  /** Follows an event; answers the job that has ended by it. */
  apply(event: TaskEvent): JobTree | undefined {
    this.#table.apply(event);
    // To look at a job costs as much as it has tasks, and its progress says nothing of its end.
    if (event.kind === 'progress' || event.kind === 'cleared') return undefined;
    const tree = this.#table.get(event.jobId);
    if (tree && isActive(tree)) this.#active.add(event.jobId);
    else if (this.#active.delete(event.jobId)) return tree;
    return undefined;
  }

  get(jobId: number): JobTree | undefined {
    return this.#table.get(jobId);
  }

  task(jobId: number, task: number): TaskRecord | undefined {
    return this.#table.task(jobId, task);
  }

  /** Jobs that have not ended, in the order of their registration. */
  get active(): readonly JobTree[] {
    const ids = [...this.#active].sort((a, b) => a - b);
    return ids.flatMap((id) => this.#table.get(id) ?? []);
  }

  get all(): readonly JobTree[] {
    return this.#table.jobs;
  }
}

/** The task that a job begins and ends with. */
export function rootOf({ job, tasks }: JobTree): TaskRecord | undefined {
  const [first] = tasks;
  return first?.id === job.root ? first : tasks.find(({ id }) => id === job.root);
}

function isActive(tree: JobTree): boolean {
  const root = rootOf(tree);
  return root !== undefined && !isFinal(root.status);
}
