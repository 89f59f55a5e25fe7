import { isFinal, type JobRecord, type TaskStatus } from '../../tasks/model/record.ts';

/** Which jobs are shown. Empty sets and texts leave nobody out. */
export interface JobFilter {
  readonly text: string;
  readonly job: string;
  readonly activeOnly: boolean;
  readonly databases: ReadonlySet<string>;
  readonly users: ReadonlySet<string>;
  readonly statuses: ReadonlySet<TaskStatus>;
}

/** What is shown to who has not chosen. */
export const USUAL_FILTER: JobFilter = {
  text: '',
  job: '',
  activeOnly: true,
  databases: new Set(),
  users: new Set(),
  statuses: new Set(),
};

/** How long a job that has ended stays among active ones, so that one sees how. */
export const LINGER_MS = 60_000;

/** Whether all but the text lets a job through; `root` tells how it stands. */
export function letsThrough(
  filter: JobFilter,
  job: JobRecord,
  root: { readonly status: TaskStatus; readonly finishedAt: number | null },
  now: number,
): boolean {
  const { activeOnly, databases, users, statuses } = filter;
  const isOver = isFinal(root.status) && now - (root.finishedAt ?? 0) > LINGER_MS;
  if (activeOnly && isOver) return false;
  if (statuses.size > 0 && !statuses.has(root.status)) return false;
  if (databases.size > 0 && !databases.has(job.database)) return false;
  if (users.size > 0 && !users.has(job.user)) return false;
  return job.job.toLowerCase().includes(filter.job.toLowerCase());
}

/** Whether a name has the text in it, small and capital letters alike. */
export function hasText(name: string, text: string): boolean {
  return name.toLowerCase().includes(text.toLowerCase());
}
