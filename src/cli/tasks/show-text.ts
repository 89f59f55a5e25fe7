import { aggregate, isFinal, type JobInfo, type TaskRecord } from '../../tasks.ts';
import { plainText } from '../text.ts';
import { amountText } from './amount.ts';
import { bytesText } from './bytes.ts';
import { type Estimates, etaText } from './eta.ts';
import { elapsedText, ownerText, startText, statusText } from './job-cells.ts';
import { jobRow, type Seen, taskRow } from './job-row.ts';
import { localTime } from './local-time.ts';
import { percentText } from './percent.ts';
import { tableText } from './table.ts';
import { branchText, treeRows } from './tree.ts';
import { rootOf } from './watched.ts';

/** A job and its tasks as JSON has them. */
export function showRow(item: JobInfo, estimates: Estimates, now: number) {
  const seenOf = seenIn(item, estimates, now);
  const root = requireRoot(item);
  const tasks = item.tasks.map((task) => taskRow(task, seenOf(task)));
  return { ...jobRow(item, root, seenOf(root)), tasks };
}

/** A job and its tasks as people see them. */
export function showText(item: JobInfo, estimates: Estimates, now: number): string {
  const seenOf = seenIn(item, estimates, now);
  const root = requireRoot(item);
  return `${headText(item, root, seenOf(root))}\n${treeText(item, seenOf)}`;
}

function requireRoot(item: JobInfo): TaskRecord {
  const root = rootOf(item);
  if (root === undefined) throw new TypeError(`job ${item.job.job} has no root task`);
  return root;
}

function seenIn(item: JobInfo, estimates: Estimates, now: number): (task: TaskRecord) => Seen {
  const aggregates = aggregate(item.tasks);
  return ({ id }) => ({ aggregate: aggregates.get(id), estimate: estimates.get(id), now });
}

function headText(item: JobInfo, root: TaskRecord, { estimate, now }: Seen): string {
  const { job, owner } = item;
  const asked = job.cancelRequestedAt;
  const rows: (readonly [name: string, text: string | undefined])[] = [
    ['Job', job.job],
    ['Database', job.database],
    ['User', job.user],
    ['Generation', job.generation > 1 ? `${job.generation}` : undefined],
    ['Status', statusText(item, root)],
    ['Error', root.error ?? undefined],
    ['Registered', localTime(job.createdAt)],
    ['Started', startText(root)],
    ['Elapsed', elapsedText(root, now)],
    ['ETA', estimate && etaText(estimate)],
    ['Cancel requested', asked === null ? undefined : localTime(asked)],
    ['Memory', memoryText(job, !isFinal(root.status))],
    ['Concurrency', root.concurrency === null ? undefined : `${root.concurrency}`],
    ['Owner', `${ownerText(owner, root)} on ${owner.host}`],
    ['Command', owner.command],
    ['Directory', owner.cwd],
  ];
  return rows
    .flatMap(([name, text]) =>
      text === undefined ? [] : `${name.padEnd(16)}  ${plainText(text)}\n`,
    )
    .join('');
}

function memoryText({ memoryMinBytes, memoryMaxBytes, ...job }: JobInfo['job'], isActive: boolean) {
  const reservedBytes = isActive ? job.reservedBytes : 0;
  if (memoryMinBytes === null || memoryMaxBytes === null) {
    return reservedBytes > 0 ? `${bytesText(reservedBytes)} reserved` : undefined;
  }
  const range = `${bytesText(memoryMinBytes)} to ${bytesText(memoryMaxBytes)}`;
  return reservedBytes > 0 ? `${range}, ${bytesText(reservedBytes)} reserved` : range;
}

const HEAD = ['TASK', 'PROGRESS', 'DONE', 'STATUS', 'ELAPSED', 'ETA', 'NOTE'];

function treeText({ tasks }: JobInfo, seenOf: (task: TaskRecord) => Seen): string {
  const rows = treeRows(tasks).map((row) => {
    const { task } = row;
    const { aggregate, estimate, now } = seenOf(task);
    return [
      branchText(row),
      percentText(aggregate?.fraction ?? null, aggregate?.isOverrun),
      doneText(aggregate),
      task.status,
      elapsedText(task, now),
      etaText(estimate),
      plainText(task.error ?? task.message ?? ''),
    ];
  });
  return tableText(HEAD, rows);
}

/** What is known of how much is done, also where that makes no percentage. */
function doneText(aggregate: Seen['aggregate']): string {
  if (aggregate === undefined) return '-';
  const { progress, volume, unit, ended, children } = aggregate;
  const parts = children > 0 ? `${ended}/${children} parts` : '';
  if (progress === null) return parts || '-';
  const amount = amountText({ progress, volume, unit });
  return parts === '' || volume !== null ? amount : `${parts}, ${amount}`;
}
