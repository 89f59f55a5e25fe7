import { isFinal, JobTable, type JobTree, type TaskEvent, type Tasks } from '../../src/tasks.ts';
import { Chronicle } from './chronicle.ts';

/** All that there is in a file. */
export const everything = { allUsers: true, allDatabases: true } as const;

/** Every event behind `after` that is in the file now. */
export async function wholeLog(tasks: Tasks, after = 0): Promise<readonly TaskEvent[]> {
  const { seq: last } = await tasks.list({ ...everything, limit: 1 });
  const events: TaskEvent[] = [];
  if (last === after) return events;
  for await (const update of tasks.subscribe({ ...everything, after })) {
    if (update.kind !== 'events') throw new Error('the log does not begin there');
    events.push(...update.events);
    if (update.seq >= last) break;
  }
  return events;
}

/** All jobs in the file, without their owners. */
export async function wholeTable(tasks: Tasks): Promise<readonly JobTree[]> {
  const trees: JobTree[] = [];
  for await (const { job, tasks: parts } of tasks.all(everything)) {
    trees.push({ job, tasks: parts });
  }
  return trees;
}

/** What the events make of what was there before them. */
export function folded(
  events: Iterable<TaskEvent>,
  before: readonly JobTree[] = [],
): readonly JobTree[] {
  const table = new JobTable(before);
  for (const event of events) table.apply(event);
  return table.jobs;
}

/** What cannot be in a log that begins with its first event. */
export function faultsIn(events: Iterable<TaskEvent>): readonly string[] {
  const chronicle = new Chronicle();
  for (const event of events) chronicle.add(event);
  return chronicle.faults;
}

export function isActive({ job, tasks }: JobTree): boolean {
  const root = tasks.find(({ id }) => id === job.root);
  return root !== undefined && !isFinal(root.status);
}
