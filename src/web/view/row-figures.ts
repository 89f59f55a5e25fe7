import type { Estimate } from '../../tasks/eta/forecast.ts';
import type { Aggregate } from '../../tasks/model/aggregate.ts';
import { isFinal, type TaskRecord, type TaskStatus } from '../../tasks/model/record.ts';
import { amountText, bytesText, percentText, rateText } from './amount-text.ts';
import type { ShownOwner } from './board.ts';
import { clockText, spanText } from './clock-text.ts';
import type { Comparison } from './former-runs.ts';
import type { JobView } from './job-view.ts';

/** All that one row says, ready to be shown. */
export interface RowFigures {
  readonly status: TaskStatus;
  /** Whether it ended without having begun. */
  readonly isUnbegun: boolean;
  /** What stands behind the name. */
  readonly aside: string;
  /** Whether that tells why it failed. */
  readonly hasError: boolean;
  readonly isCancelRequested: boolean;
  /** Filled part of the bar, 0 to 1. */
  readonly fill: number;
  /** Whether it is a lower bound, as part of the task is unknown. */
  readonly isLeast: boolean;
  readonly progress: string;
  readonly progressTitle: string;
  readonly rate: string;
  readonly left: string;
  readonly leftTitle: string;
  readonly isSlow: boolean;
  readonly elapsed: string;
  readonly owner: ShownOwner | undefined;
  readonly memory: string;
  readonly memoryTitle: string;
  readonly canCancel: boolean;
}

export interface RowBasis {
  readonly view: JobView;
  readonly task: TaskRecord;
  readonly estimate: Estimate | undefined;
  /** What to show of the estimate's remaining time. */
  readonly remainingMs: number | null;
  readonly comparison: Comparison | undefined;
  readonly owner: ShownOwner | undefined;
  readonly now: number;
}

/** More than this off the median is worth a colour. */
const SLOW = 0.25;

export function rowFigures(basis: RowBasis): RowFigures {
  const { view, task, owner, now } = basis;
  const isRoot = task.id === view.job.root;
  const aggregate = view.aggregate(task.id);
  return {
    status: task.status,
    isUnbegun: isFinal(task.status) && task.startedAt === null,
    aside: asideOf(basis, isRoot),
    hasError: task.error !== null,
    isCancelRequested: isRoot && view.job.cancelRequestedAt !== null && !isFinal(task.status),
    ...progressOf(task, aggregate),
    ...rateOf(basis),
    ...leftOf(basis),
    elapsed: elapsedOf(task, now),
    owner: isRoot ? ownerOf(task, owner) : undefined,
    ...(isRoot
      ? memoryOf(view, isFinal(task.status) ? undefined : owner)
      : { memory: '', memoryTitle: '' }),
    canCancel: isRoot && !isFinal(task.status) && view.job.cancelRequestedAt === null,
  };
}

/** Who runs a job, or ran one that was lost: of other ends nobody asks who it was. */
function ownerOf({ status }: TaskRecord, owner: ShownOwner | undefined): ShownOwner | undefined {
  // A lost job's owner is dead, whatever was last heard of it.
  if (status === 'lost') return owner && { ...owner, state: 'dead' };
  return isFinal(status) ? undefined : owner;
}

function asideOf({ view: { job }, task }: RowBasis, isRoot: boolean): string {
  const said = task.error ?? task.message ?? '';
  if (!isRoot) return said;
  const whose = `${job.database} / ${job.user}`;
  return said === '' ? whose : `${whose} · ${said}`;
}

type ProgressPart = Pick<RowFigures, 'fill' | 'isLeast' | 'progress' | 'progressTitle'>;

function progressOf(task: TaskRecord, aggregate: Aggregate | undefined): ProgressPart {
  if (aggregate === undefined) return { fill: 0, isLeast: false, progress: '', progressTitle: '' };
  const { fraction, lowerBound } = aggregate;
  const progressTitle = amountsOf(aggregate);
  const isLeast = fraction === null;
  // Of nothing all is done, but not before it has begun.
  if (task.startedAt === null) return { fill: 0, isLeast, progress: '', progressTitle };
  const progress = isLeast ? sumOf(aggregate) : percentText(fraction);
  return { fill: fraction ?? lowerBound, isLeast, progress, progressTitle };
}

/** What is known where no percentage is. */
function sumOf({ progress, unit, children, ended, iteration, iterations }: Aggregate): string {
  if (iteration !== null && iterations === null) return `round ${iteration + 1}`;
  if (children > 0) return `${ended} of ${children}`;
  return progress === null ? '' : withUnit(amountText(progress), unit);
}

function amountsOf({ progress, volume, unit, children, ended, isOverrun }: Aggregate): string {
  const parts: string[] = [];
  if (progress !== null && (progress > 0 || volume !== null)) {
    const done = amountText(progress);
    parts.push(withUnit(volume === null ? done : `${done} of ${amountText(volume)}`, unit));
  }
  if (children > 0) parts.push(`${ended} of ${children} parts ended`);
  if (isOverrun) parts.push('more than was estimated');
  return parts.join(', ');
}

function withUnit(text: string, unit: string | null): string {
  return unit === null ? text : `${text} ${unit}`;
}

function rateOf({ task, estimate }: RowBasis): Pick<RowFigures, 'rate'> {
  const rate = estimate?.ratePerSecond ?? null;
  return { rate: task.status !== 'running' || rate === null ? '' : rateText(rate) };
}

function leftOf(basis: RowBasis): Pick<RowFigures, 'left' | 'leftTitle' | 'isSlow'> {
  const { task, estimate, remainingMs, comparison } = basis;
  if (comparison) {
    const { difference, runs, medianMs, tookMs } = comparison;
    const percent = Math.round(difference * 100);
    const left = percent === 0 ? '±0%' : `${percent > 0 ? '+' : '−'}${Math.abs(percent)}%`;
    const of = runs === 1 ? 'the last run' : `the median of ${runs} former runs`;
    const leftTitle = `${spanText(tookMs)}; ${of} took ${spanText(medianMs)}`;
    return { left, leftTitle, isSlow: difference > SLOW };
  }
  if (isFinal(task.status)) return { left: '', leftTitle: '', isSlow: false };
  if (remainingMs === null) {
    return { left: task.status === 'running' ? '–' : '', leftTitle: '', isSlow: false };
  }
  const { lowMs = null, highMs = null } = estimate ?? {};
  const leftTitle =
    lowMs === null || highMs === null
      ? ''
      : `between ${clockText(lowMs)} and ${clockText(highMs)}, as former runs went`;
  return { left: clockText(remainingMs), leftTitle, isSlow: false };
}

function elapsedOf({ startedAt, finishedAt }: TaskRecord, now: number): string {
  if (startedAt === null) return '';
  return finishedAt === null ? clockText(now - startedAt) : spanText(finishedAt - startedAt);
}

function memoryOf(
  { job: { memoryMinBytes, memoryMaxBytes } }: JobView,
  owner: ShownOwner | undefined,
): Pick<RowFigures, 'memory' | 'memoryTitle'> {
  const resident = owner?.residentBytes ?? null;
  const used = resident === null ? '' : `its process has ${bytesText(resident)}`;
  if (memoryMaxBytes === null)
    return { memory: resident === null ? '' : bytesText(resident), memoryTitle: used };
  const least =
    memoryMinBytes === null || memoryMinBytes === memoryMaxBytes
      ? ''
      : `${bytesText(memoryMinBytes)} to `;
  const estimated = `estimated ${least}${bytesText(memoryMaxBytes)}`;
  if (resident === null) return { memory: bytesText(memoryMaxBytes), memoryTitle: estimated };
  const memory = `${bytesText(resident)} / ${bytesText(memoryMaxBytes)}`;
  return { memory, memoryTitle: `${used}; ${estimated}` };
}
