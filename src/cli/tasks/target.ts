import { isFinal, type JobFilter, type Tasks } from '../../tasks.ts';
import { filterOf, jobNamed } from './open.ts';
import type { databasesOption, TasksCall } from './options.ts';
import { rootOf, type Watched } from './watched.ts';

/** What a command follows: one job, or all that a filter means. */
export interface Target {
  readonly tasks: Tasks;
  readonly filter: JobFilter;
  readonly isOneJob: boolean;
}

/** @throws Failure where a job is named that is not there */
export async function targetOf(
  tasks: Tasks,
  call: TasksCall<typeof databasesOption>,
): Promise<Target> {
  if (call.args[0] === undefined) return { tasks, filter: filterOf(call), isOneJob: false };
  const { job } = await jobNamed(tasks, call);
  const filter = { job: job.job, user: job.user };
  return { tasks: tasks.at(job.database), filter, isOneJob: true };
}

/** The exit status once the one job has ended, or is gone. */
export function statusOf({ isOneJob }: Target, watched: Watched): number | undefined {
  if (!isOneJob) return undefined;
  const [tree] = watched.all;
  const status = tree && rootOf(tree)?.status;
  if (status === undefined) return 1;
  return isFinal(status) ? Number(status !== 'finished') : undefined;
}
