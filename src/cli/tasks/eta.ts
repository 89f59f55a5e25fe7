import {
  type Durations,
  type Estimate,
  Forecast,
  isFinal,
  type JobTree,
  pathOf,
  REMEMBERED_DEPTH_MAX,
  type Tasks,
} from '../../tasks.ts';
import { elapsedBrief } from './elapsed.ts';

export type Estimates = ReadonlyMap<number, Estimate>;

/** `2m05s`, and between which times it may be where former runs tell. */
export function etaText(estimate: Estimate | undefined): string {
  const { remainingMs = null, lowMs = null, highMs = null } = estimate ?? {};
  if (remainingMs === null) return '-';
  const text = elapsedBrief(remainingMs);
  if (lowMs === null || highMs === null) return text;
  const [low, high] = [elapsedBrief(lowMs), elapsedBrief(highMs)];
  return low === high ? text : `${text} (${low} to ${high})`;
}

/** What one look tells of when the active ones of these jobs will end, by the ids of their tasks. */
export async function estimatesOf(
  tasks: Tasks,
  jobs: readonly JobTree[],
  now: number,
): Promise<Estimates> {
  const active = jobs.filter((job) => job.tasks.some(({ status }) => !isFinal(status)));
  const forecast = new Forecast();
  const estimates = new Map<number, Estimate>();
  for (const [database, group] of Map.groupBy(active, ({ job }) => job.database)) {
    const durations = await durationsOf(tasks.at(database), group);
    for (const job of group) {
      for (const [id, estimate] of forecast.of(job.tasks, now, durations)) {
        estimates.set(id, estimate);
      }
    }
  }
  return estimates;
}

/** How long tasks of the same paths took in former runs in their database. */
export async function durationsOf(tasks: Tasks, jobs: readonly JobTree[]): Promise<Durations> {
  const paths = new Set(jobs.flatMap((job) => [...pathsOf(job)]));
  return await tasks.durations(paths);
}

function* pathsOf({ tasks }: JobTree): Generator<string> {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const depths = new Map<number, number>();
  for (const task of tasks) {
    const above = task.parent === null ? -1 : depths.get(task.parent);
    if (above === undefined || above === REMEMBERED_DEPTH_MAX) continue;
    depths.set(task.id, above + 1);
    yield pathOf(task, byId);
  }
}
