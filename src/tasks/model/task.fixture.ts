import type { TaskRecord } from './record.ts';

/** A leaf that nobody has started, but for `parts`. */
export function taskOf(parts: Partial<TaskRecord> & { readonly id: number }): TaskRecord {
  return {
    parent: null,
    kind: 'leaf',
    name: `task ${parts.id}`,
    status: 'pending',
    mode: null,
    roundSize: null,
    unit: null,
    weight: null,
    volume: null,
    progress: 0,
    message: null,
    error: null,
    isExcluded: false,
    concurrency: null,
    startedAt: null,
    finishedAt: null,
    taskSeq: 0,
    ...parts,
  };
}

type Parts = Omit<Partial<TaskRecord>, 'id' | 'parent'>;

/** A task and what is below it, without ids. */
export interface Branch {
  readonly parts: Parts;
  readonly children: readonly Branch[];
}

export function leafOf(volume: number | null, progress: number, parts: Parts = {}): Branch {
  return { parts: { volume, progress, ...parts }, children: [] };
}

export function groupOf(children: readonly Branch[], parts: Parts = {}): Branch {
  return { parts: { kind: 'group', mode: 'sequential', ...parts }, children };
}

/** The tasks of a tree, parents before children, with ids 1, 2, 3, … in the order of a book's contents. */
export function tasksOf(root: Branch): TaskRecord[] {
  const tasks: TaskRecord[] = [];
  const add = ({ parts, children }: Branch, parent: number | null): void => {
    const id = tasks.length + 1;
    tasks.push(taskOf({ ...parts, id, parent }));
    for (const child of children) add(child, id);
  };
  add(root, null);
  return tasks;
}
