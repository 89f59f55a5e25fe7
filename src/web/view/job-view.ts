import { type Aggregate, aggregate } from '../../tasks/model/aggregate.ts';
import type { JobRecord, JobTree, TaskRecord } from '../../tasks/model/record.ts';
import { type TaskTree, taskTree } from '../../tasks/model/tree.ts';

/** A job with what is worked out of its tasks, when somebody asks for it. */
export class JobView {
  readonly job: JobRecord;
  readonly tasks: readonly TaskRecord[];
  #tree: TaskTree | undefined;
  #aggregates: ReadonlyMap<number, Aggregate> | undefined;

  constructor({ job, tasks }: JobTree) {
    this.job = job;
    this.tasks = tasks;
  }

  get tree(): TaskTree {
    this.#tree ??= taskTree(this.tasks);
    return this.#tree;
  }

  get root(): TaskRecord | undefined {
    // It is the first one.
    return this.tasks.find(({ id }) => id === this.job.root);
  }

  aggregate(task: number): Aggregate | undefined {
    this.#aggregates ??= aggregate(this.tasks);
    return this.#aggregates.get(task);
  }

  childrenOf(task: number): readonly TaskRecord[] {
    const { children, byId } = this.tree;
    return (children.get(task) ?? []).flatMap((id) => byId.get(id) ?? []);
  }
}
