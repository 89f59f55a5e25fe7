import {
  type Aggregate,
  aggregate,
  type Durations,
  type Estimate,
  Forecast,
  type JobTree,
  type OwnerRecord,
  ShownRemaining,
  type TaskRecord,
  type Tasks,
} from '../../tasks.ts';
import { plainText } from '../text.ts';
import { amountText } from './amount.ts';
import { elapsedBrief } from './elapsed.ts';
import { durationsOf } from './eta.ts';
import type { FrameLine } from './frame.ts';
import { elapsedMs, ownerText, statusText } from './job-cells.ts';
import { barText, percentText } from './percent.ts';
import { tableLines } from './table.ts';
import { branchText, type TreeRow, treeRows } from './tree.ts';
import { cut } from './width.ts';

/** What share of a line the names may have. */
const NAME_SHARE = 0.45;

/** What comes first where there is not room for all. */
const RANK = { root: 0, running: 1, bad: 2, pending: 3, ended: 4 } as const;

/** Epoch ms, by the clock that people read and by one that does not jump. */
export interface Moment {
  readonly now: number;
  readonly steadyNow: number;
}

export function momentNow(): Moment {
  return { now: Date.now(), steadyNow: performance.timeOrigin + performance.now() };
}

/** Jobs as a terminal shows them while they go on. */
export class JobBoard {
  readonly #forecast = new Forecast();
  readonly #shown = new ShownRemaining();
  readonly #durations = new Map<number, Durations>();
  readonly #owners = new Map<number, OwnerRecord>();

  meet(owners: Iterable<OwnerRecord>): void {
    for (const owner of owners) this.#owners.set(owner.id, owner);
  }

  /** Reads of jobs that are new here how long former runs took. */
  async prepare(tasks: Tasks, jobs: Iterable<JobTree>): Promise<void> {
    for (const tree of jobs) {
      const { id, database } = tree.job;
      if (this.#durations.has(id)) continue;
      this.#durations.set(id, await durationsOf(tasks.at(database), [tree]));
    }
  }

  forget({ job, tasks }: JobTree): void {
    this.#durations.delete(job.id);
    for (const { id } of tasks) this.#shown.forget(id);
  }

  /** A line for each task of these jobs. */
  lines(jobs: readonly JobTree[], columns: number, moment: Moment): readonly FrameLine[] {
    const nameWidth = Math.max(1, Math.floor(columns * NAME_SHARE));
    const rows = jobs.flatMap((tree) => this.#rowsOf(tree, nameWidth, moment));
    const texts = tableLines(rows.map(({ cells }) => cells));
    return rows.map(({ rank }, at) => ({ rank, text: texts[at] ?? '' }));
  }

  #rowsOf(tree: JobTree, nameWidth: number, { now, steadyNow }: Moment) {
    const aggregates = aggregate(tree.tasks);
    const estimates = this.#forecast.of(tree.tasks, steadyNow, this.#durations.get(tree.job.id));
    return treeRows(tree.tasks).map((row) => ({
      rank: rankOf(row),
      cells: [
        cut(row.depth === 0 ? row.name : branchText({ ...row, depth: row.depth - 1 }), nameWidth),
        ...figuresOf(row.task, aggregates.get(row.task.id), now),
        this.#etaOf(row.task, estimates.get(row.task.id), steadyNow),
        this.#noteOf(tree, row, aggregates.get(row.task.id)),
      ],
    }));
  }

  /** Of what runs; it may not jump from look to look, or nobody can read it. */
  #etaOf({ id, status }: TaskRecord, estimate: Estimate | undefined, steadyNow: number): string {
    const remainingMs = status === 'running' ? (estimate?.remainingMs ?? null) : null;
    const shownMs = this.#shown.show(id, remainingMs, steadyNow);
    return shownMs === null ? '' : `ETA ${elapsedBrief(shownMs)}`;
  }

  #noteOf(tree: JobTree, { task, depth }: TreeRow, sum: Aggregate | undefined): string {
    const words = task.error ?? task.message;
    const notes = [amountOf(task, sum), words === null ? '' : plainText(words)];
    if (depth === 0) {
      const owner = ownerText(this.#owners.get(tree.job.owner), task);
      notes.push(...(owner === '-' ? [] : [`pid ${owner}`]), plainText(tree.job.job));
      if (tree.job.cancelRequestedAt !== null) notes.unshift(statusText(tree, task));
    }
    return notes.filter((note) => note !== '').join('  ');
  }
}

function figuresOf(task: TaskRecord, sum: Aggregate | undefined, now: number): readonly string[] {
  const ms = elapsedMs(task, now);
  const { fraction = null, isOverrun } = sum ?? {};
  return [
    barText(fraction),
    percentText(fraction, isOverrun),
    task.status,
    ms === null ? '-' : elapsedBrief(ms),
  ];
}

/** Of a leaf how much, of others how many of their parts are done. */
function amountOf(task: TaskRecord, sum: Aggregate | undefined): string {
  if (sum === undefined || task.status === 'pending') return '';
  const { progress, volume, unit, ended, children } = sum;
  if (task.kind !== 'leaf') return children > 0 ? `${ended}/${children}` : '';
  return progress === null ? '' : amountText({ progress, volume, unit });
}

function rankOf({ task: { status }, depth }: TreeRow): number {
  if (depth === 0) return RANK.root;
  if (status === 'running') return RANK.running;
  if (status === 'failed' || status === 'lost') return RANK.bad;
  return status === 'pending' ? RANK.pending : RANK.ended;
}
