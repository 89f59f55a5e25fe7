import { shownNames, type TaskRecord, taskTree } from '../../tasks.ts';
import { plainText } from '../text.ts';

const INDENT = '    ';
const BRANCH = '|-- ';
/** A chain of tasks would be indented by the square of its length. */
const DEPTH_MAX = 32;

/** A task in its place among the others of its job. */
export interface TreeRow {
  readonly task: TaskRecord;
  /** 0 for the root. */
  readonly depth: number;
  /** Safe to show; within rounds with the number of its round. */
  readonly name: string;
}

/** The tasks of a job, each before its children. */
export function treeRows(tasks: readonly TaskRecord[]): readonly TreeRow[] {
  const { byId, roots, children } = taskTree(tasks);
  const recordsOf = (ids: readonly number[] = []): readonly TaskRecord[] =>
    ids.flatMap((id) => byId.get(id) ?? []);
  const rows: TreeRow[] = [];
  // A stack of our own: a tree may be deeper than that of the engine. The first one is on top.
  const ahead = recordsOf(roots).map((task) => ({ task, depth: 0, name: task.name }));
  for (let row = ahead.pop(); row !== undefined; row = ahead.pop()) {
    const { task, depth } = row;
    rows.push({ task, depth, name: plainText(row.name) });
    const below = recordsOf(children.get(task.id));
    const names = shownNames(task, below);
    for (let at = below.length - 1; at >= 0; at -= 1) {
      const child = below[at];
      if (child) ahead.push({ task: child, depth: depth + 1, name: names[at] ?? child.name });
    }
  }
  return rows;
}

/** `|-- name`, indented by its depth; far down by no more, but with its depth as a number. */
export function branchText({ depth, name }: Pick<TreeRow, 'depth' | 'name'>): string {
  if (depth <= DEPTH_MAX) return `${INDENT.repeat(depth)}${BRANCH}${name}`;
  return `${INDENT.repeat(DEPTH_MAX)}${BRANCH}(${depth}) ${name}`;
}
