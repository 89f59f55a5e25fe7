import type { TaskRecord } from './record.ts';

/** The tasks of a job by their places in its tree. */
export interface TaskTree {
  readonly byId: ReadonlyMap<number, TaskRecord>;
  /** Ids of the tasks that have no parent here. */
  readonly roots: readonly number[];
  /** Ids of each task's children in their order; no entry for those that have none. */
  readonly children: ReadonlyMap<number, readonly number[]>;
}

export function taskTree(tasks: readonly TaskRecord[]): TaskTree {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const roots: number[] = [];
  const children = new Map<number, number[]>();
  for (const { id, parent } of tasks) {
    if (parent === null || !byId.has(parent)) {
      roots.push(id);
      continue;
    }
    const siblings = children.get(parent);
    if (siblings) siblings.push(id);
    else children.set(parent, [id]);
  }
  return { byId, roots, children };
}

/** Between the names of a path. */
export const PATH_SEPARATOR = ' :: ';

/**
 * How long tasks take is not remembered of deeper ones: a chain of tasks would cost the square of its
 * length.
 */
export const REMEMBERED_DEPTH_MAX = 32;

/** Names of a task and of those that it is a part of, from the root on. */
export function pathOf(task: TaskRecord, byId: ReadonlyMap<number, TaskRecord>): string {
  const names: string[] = [];
  for (
    let at: TaskRecord | undefined = task;
    at;
    at = at.parent === null ? undefined : byId.get(at.parent)
  ) {
    names.push(at.name);
  }
  return names.reverse().join(PATH_SEPARATOR);
}

/**
 * Names to show for the children of a task, in their order: those of rounds with the number of
 * theirs, as `name 2 of 5`, or `name 2` where nobody knows how many there will be.
 */
export function shownNames(parent: TaskRecord, children: readonly TaskRecord[]): string[] {
  const { roundSize } = parent;
  if (roundSize === null) return children.map(({ name }) => name);
  const of = parent.mode === 'open' ? '' : ` of ${Math.ceil(children.length / roundSize)}`;
  return children.map(({ name }, at) => `${name} ${Math.floor(at / roundSize) + 1}${of}`);
}
