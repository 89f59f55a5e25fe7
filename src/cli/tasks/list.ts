import {
  aggregate,
  type JobInfo,
  type TaskRecord,
  type TaskStatus,
  type Tasks,
} from '../../tasks.ts';
import type { Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';
import { jsonText, plainText } from '../text.ts';
import { type Estimates, estimatesOf, etaText } from './eta.ts';
import { elapsedText, ownerText, startText, statusText } from './job-cells.ts';
import { jobRow } from './job-row.ts';
import { filterOf, withTasks } from './open.ts';
import { databasesOption, type TasksCall } from './options.ts';
import { barText, percentText } from './percent.ts';
import { tableText } from './table.ts';

const STATUSES = [
  'pending',
  'running',
  'finished',
  'failed',
  'canceled',
  'lost',
] as const satisfies readonly TaskStatus[];

const options = {
  active: { type: 'flag', help: 'Only jobs that have not ended' },
  status: {
    type: 'text',
    value: 'STATUS,…',
    help: `Only jobs with one of these: ${STATUSES.join(', ')}`,
  },
  job: { type: 'text', value: 'JOB', help: 'Only jobs with this id' },
  ...databasesOption,
} as const satisfies OptionTable;

type ListCall = TasksCall<typeof options>;

export const list: Command = {
  options,
  details: `A job whose process has died is lost. Of one whose parts are not all known the progress is n/a;
'holdfast tasks show' shows the parts.`,
  async run(call: ListCall) {
    const { active, job, status } = call.options;
    const filter = { ...filterOf(call), active, job, status: statusesOf(status) };
    const { items, estimates, now } = await withTasks(call, async (tasks) => {
      const items = await everyJob(tasks, filter);
      const now = Date.now();
      return { items, now, estimates: await estimatesOf(tasks, items, now) };
    });
    const lines = items.flatMap((item) => lineOf(item, estimates, now) ?? []);
    call.out(call.options.json ? jsonText(lines.map(rowOf)) : textOf(lines));
    return 0;
  },
};

function statusesOf(text: string | undefined): readonly TaskStatus[] | undefined {
  return text?.split(',').map((word) => {
    const found = STATUSES.find((status) => status === word.trim().toLowerCase());
    if (found !== undefined) return found;
    throw new UsageError(`'${word}' is no status: ${STATUSES.join(', ')}`);
  });
}

async function everyJob(
  tasks: Tasks,
  filter: Parameters<Tasks['list']>[0],
): Promise<readonly JobInfo[]> {
  const items: JobInfo[] = [];
  let cursor: string | undefined;
  do {
    const page = await tasks.list({ ...filter, cursor });
    for (const item of page.items) items.push(item);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return items;
}

/** A job and what is known of its root task. */
interface Line {
  readonly item: JobInfo;
  readonly root: TaskRecord;
  readonly seen: Parameters<typeof jobRow>[2];
}

function lineOf(item: JobInfo, estimates: Estimates, now: number): Line | undefined {
  const { root: id } = item.job;
  const root = item.tasks.find((task) => task.id === id);
  if (root === undefined) return undefined;
  const seen = { aggregate: aggregate(item.tasks).get(id), estimate: estimates.get(id), now };
  return { item, root, seen };
}

function rowOf({ item, root, seen }: Line) {
  return jobRow(item, root, seen);
}

const HEAD = ['JOB', 'TASK', 'PROGRESS', 'BAR', 'STATUS', 'STARTED', 'ELAPSED', 'ETA', 'OWNER'];

/** Databases and users are columns where there are several. */
function textOf(lines: readonly Line[]): string {
  const more = [
    { title: 'DATABASE', of: ({ item }: Line) => item.job.database },
    { title: 'USER', of: ({ item }: Line) => item.job.user },
  ].filter(({ of }) => new Set(lines.map(of)).size > 1);
  const head = [...HEAD, ...more.map(({ title }) => title)];
  const rows = lines.map((line) => [
    ...cellsOf(line),
    ...more.map(({ of }) => plainText(of(line))),
  ]);
  return tableText(head, rows);
}

function cellsOf({ item, root, seen }: Line): readonly string[] {
  const fraction = seen.aggregate?.fraction ?? null;
  return [
    plainText(item.job.job),
    plainText(root.name),
    percentText(fraction),
    barText(fraction),
    statusText(item, root),
    startText(root),
    elapsedText(root, seen.now),
    etaText(seen.estimate),
    ownerText(item.owner, root),
  ];
}
