import { isFinal, type TaskRecord } from '../../tasks/model/record.ts';
import { shownNames } from '../../tasks/model/tree.ts';
import { hasText, type JobFilter, LINGER_MS, letsThrough } from './job-filter.ts';
import type { JobView } from './job-view.ts';

/** One line of the tree. */
export interface TaskRow {
  /** Id of the task. */
  readonly key: number;
  readonly jobId: number;
  /** 0 for the root. */
  readonly depth: number;
  readonly name: string;
  /** Undefined: there is nothing to unfold. */
  readonly isUnfolded: boolean | undefined;
  /** Its place among its siblings, from 1, and how many there are. */
  readonly place: number;
  readonly count: number;
}

/** What the reader has folded or unfolded; of all else it goes by the status. */
export type Folding = ReadonlyMap<number, boolean>;

/** Active jobs first, the newest on top; then those that have ended, the last one on top. */
export function inOrder(views: readonly JobView[]): readonly JobView[] {
  const rank = ({ root, job }: JobView) => root?.finishedAt ?? 2 ** 52 + job.id;
  return views.toSorted((a, b) => rank(b) - rank(a) || b.job.id - a.job.id);
}

/** The lines to show of jobs, in their order. */
export function taskRows(
  views: readonly JobView[],
  filter: JobFilter,
  folding: Folding,
  now: number,
): readonly TaskRow[] {
  const rows: TaskRow[] = [];
  const shown = views.filter((view) => view.root && letsThrough(filter, view.job, view.root, now));
  const found = shown.map((view) => [view, matchesOf(view, filter.text)] as const);
  const jobs = found.filter(([, matches]) => matches === undefined || matches.size > 0);
  for (const [index, [view, matches]] of jobs.entries()) {
    const { root } = view;
    if (root) put(rows, view, matches, folding, now, root, index + 1, jobs.length);
  }
  return rows;
}

function put(
  rows: TaskRow[],
  view: JobView,
  matches: ReadonlySet<number> | undefined,
  folding: Folding,
  now: number,
  root: TaskRecord,
  place: number,
  count: number,
): void {
  // A stack of our own: a tree may be deeper than that of the engine.
  const ahead = [{ task: root, depth: 0, name: root.name, place, count }];
  for (let next = ahead.pop(); next; next = ahead.pop()) {
    const { task, depth, name } = next;
    const children = view.childrenOf(task.id);
    const isUnfolded =
      children.length === 0
        ? undefined
        : matches !== undefined || (folding.get(task.id) ?? isOpenByItself(task, now));
    const { place, count } = next;
    rows.push({ key: task.id, jobId: view.job.id, depth, name, isUnfolded, place, count });
    if (!isUnfolded) continue;
    const names = shownNames(task, children);
    const below = children.flatMap((child, index) => {
      if (matches && !matches.has(child.id)) return [];
      const name = names[index] ?? child.name;
      return { task: child, depth: depth + 1, name, place: index + 1, count: children.length };
    });
    ahead.push(...below.reverse());
  }
}

/** What runs, what has just ended and what ended badly is worth a look, once it has begun. */
function isOpenByItself(task: TaskRecord, now: number): boolean {
  const { status, startedAt, finishedAt } = task;
  if (startedAt === null) return false;
  if (status === 'running' || status === 'failed' || status === 'lost') return true;
  return isFinal(status) && now - (finishedAt ?? 0) < LINGER_MS;
}

/**
 * Tasks of which the name has the text in it, those that they are a part of, and the parts of a root
 * that has it; undefined when there is no text to look for.
 */
function matchesOf(view: JobView, text: string): ReadonlySet<number> | undefined {
  if (text === '') return undefined;
  const { root, job, tree } = view;
  if (root && (hasText(root.name, text) || hasText(job.job, text)))
    return new Set(tree.byId.keys());
  const matches = new Set<number>();
  for (const task of view.tasks) {
    if (!hasText(task.name, text)) continue;
    let at: TaskRecord | undefined = task;
    while (at && !matches.has(at.id)) {
      matches.add(at.id);
      at = at.parent === null ? undefined : tree.byId.get(at.parent);
    }
  }
  return matches;
}
