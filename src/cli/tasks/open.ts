import type { JobFilter, JobInfo, Tasks } from '../../tasks.ts';
import { directoryOf } from '../directory.ts';
import { Failure } from '../failure.ts';
import { plainText } from '../text.ts';
import type { databasesOption, TasksCall } from './options.ts';

/** Of those that may be meant. */
const JOBS_NAMED = 5;

/** Runs `body` with the store of a call. */
export async function withTasks<T>(
  call: TasksCall,
  body: (tasks: Tasks) => Promise<T>,
): Promise<T> {
  const { Tasks } = await import('../../tasks.ts');
  const { dir, database, user, 'busy-timeout': seconds } = call.options;
  await using tasks = await Tasks.open({
    ...{ dir: directoryOf(call, dir), database, user, signal: call.signal },
    lockTimeoutMs: seconds === undefined ? undefined : seconds * 1000,
  });
  return await body(tasks);
}

/** Which jobs a call means. */
export function filterOf({ options }: TasksCall | TasksCall<typeof databasesOption>): JobFilter {
  return {
    allUsers: options['all-users'],
    allDatabases: 'all-databases' in options ? options['all-databases'] === true : undefined,
  };
}

/** The job that the first argument of a call names, or the only one that begins so. @throws Failure */
export async function jobNamed(tasks: Tasks, call: TasksCall): Promise<JobInfo> {
  const [job = ''] = call.args;
  const { items } = await tasks.list({ ...filterOf(call), job });
  const [found, ...others] = items;
  if (found === undefined) return await jobThatBegins(tasks, call, job);
  if (others.length === 0) return found;
  const users = items.map((item) => plainText(item.job.user)).join(', ');
  throw new Failure(
    1,
    `several users have a job '${plainText(job)}': ${users}\n--user says whose.`,
  );
}

async function jobThatBegins(tasks: Tasks, call: TasksCall, prefix: string): Promise<JobInfo> {
  const found: JobInfo[] = [];
  for await (const item of tasks.all(filterOf(call))) {
    if (item.job.job.startsWith(prefix)) found.push(item);
  }
  const [first, ...others] = found;
  if (first === undefined) throw noJob(call, prefix);
  if (others.length === 0) return first;
  const jobs = found.slice(0, JOBS_NAMED).map(({ job }) => plainText(job.job));
  const more = found.length > jobs.length ? ', …' : '';
  throw new Failure(
    1,
    `${found.length} jobs begin with '${plainText(prefix)}': ${jobs.join(', ')}${more}`,
  );
}

function noJob({ options }: TasksCall, job: string): Failure {
  const hint = options['all-users']
    ? ''
    : "\n'holdfast tasks list --all-users' shows all there are.";
  return new Failure(1, `there is no job '${plainText(job)}'${hint}`);
}
