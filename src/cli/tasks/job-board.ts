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
import { type FrameSize, frameLines, type Ranked } from './frame.ts';
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

/** A task, and what is known of it. */
interface Row extends Ranked {
  readonly tree: JobTree;
  readonly place: TreeRow;
  readonly sum: Aggregate | undefined;
  readonly estimate: Estimate | undefined;
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

  /** Lines for the tasks of these jobs, as many as there is room for. */
  frame(jobs: readonly JobTree[], size: FrameSize, moment: Moment): readonly string[] {
    const nameWidth = Math.max(1, Math.floor(size.columns * NAME_SHARE));
    const rows = jobs.flatMap((tree) => this.#rowsOf(tree, moment.steadyNow));
    return frameLines(rows, size, (shown) => {
      return tableLines(shown.map((row) => this.#cellsOf(row, nameWidth, moment)));
    });
  }

  #rowsOf(tree: JobTree, steadyNow: number): readonly Row[] {
    const sums = aggregate(tree.tasks);
    const estimates = this.#forecast.of(tree.tasks, steadyNow, this.#durations.get(tree.job.id));
    return treeRows(tree.tasks).map((place) => {
      const { id } = place.task;
      const rank = rankOf(place);
      return { tree, place, rank, sum: sums.get(id), estimate: estimates.get(id) };
    });
  }

  #cellsOf(row: Row, nameWidth: number, { now, steadyNow }: Moment): readonly string[] {
    const { task, depth, name } = row.place;
    return [
      cut(depth === 0 ? name : branchText({ name, depth: depth - 1 }), nameWidth),
      ...figuresOf(task, row.sum, now),
      this.#etaOf(task, row.estimate, steadyNow),
      this.#noteOf(row),
    ];
  }

  /** Of what runs; it may not jump from look to look, or nobody can read it. */
  #etaOf({ id, status }: TaskRecord, estimate: Estimate | undefined, steadyNow: number): string {
    const remainingMs = status === 'running' ? (estimate?.remainingMs ?? null) : null;
    const shownMs = this.#shown.show(id, remainingMs, steadyNow);
    return shownMs === null ? '' : `ETA ${elapsedBrief(shownMs)}`;
  }

  #noteOf({ tree, place: { task, depth }, sum }: Row): string {
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
