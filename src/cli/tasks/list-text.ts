import { aggregate, type JobInfo, type TaskRecord } from '../../tasks.ts';
import { plainText } from '../text.ts';
import { type Estimates, etaText } from './eta.ts';
import { elapsedText, ownerText, startText, statusText } from './job-cells.ts';
import { jobRow, type Seen } from './job-row.ts';
import { barText, percentText } from './percent.ts';
import { tableText } from './table.ts';
import { rootOf } from './watched.ts';

/** A job and what is known of its root task. */
export interface ListLine {
  readonly item: JobInfo;
  readonly root: TaskRecord;
  readonly seen: Seen;
}

export function listLine(item: JobInfo, estimates: Estimates, now: number): ListLine | undefined {
  const root = rootOf(item);
  if (root === undefined) return undefined;
  const { id } = root;
  const seen = { aggregate: aggregate(item.tasks).get(id), estimate: estimates.get(id), now };
  return { item, root, seen };
}

export function listRow({ item, root, seen }: ListLine) {
  return jobRow(item, root, seen);
}

const HEAD = ['JOB', 'TASK', 'PROGRESS', 'BAR', 'STATUS', 'STARTED', 'ELAPSED', 'ETA', 'OWNER'];

/** Databases and users are columns where there are several. */
export function listText(lines: readonly ListLine[]): string {
  const more = [
    { title: 'DATABASE', of: ({ item }: ListLine) => item.job.database },
    { title: 'USER', of: ({ item }: ListLine) => item.job.user },
  ].filter(({ of }) => new Set(lines.map(of)).size > 1);
  const head = [...HEAD, ...more.map(({ title }) => title)];
  const rows = lines.map((line) => [
    ...cellsOf(line),
    ...more.map(({ of }) => plainText(of(line))),
  ]);
  return tableText(head, rows);
}

function cellsOf({ item, root, seen }: ListLine): readonly string[] {
  const { fraction = null, isOverrun } = seen.aggregate ?? {};
  return [
    plainText(item.job.job),
    plainText(root.name),
    percentText(fraction, isOverrun),
    barText(fraction),
    statusText(item, root),
    startText(root),
    elapsedText(root, seen.now),
    etaText(seen.estimate),
    ownerText(item.owner, root),
  ];
}
