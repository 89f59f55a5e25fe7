import { isFinal, type TaskRecord } from './record.ts';

/** What a task amounts to with all that it consists of. */
export interface Aggregate {
  /** Sum of what is done; null where units differ, or weights were given. */
  readonly progress: number | null;
  /** Sum of what there is to do; null where that is unknown, or `progress` is null. */
  readonly volume: number | null;
  /** Of `progress` and `volume`. */
  readonly unit: string | null;
  /** 0 to 1; null while any part of it is unknown. */
  readonly fraction: number | null;
  /** 0 to 1: the fraction if nothing were done of what is unknown. */
  readonly lowerBound: number;
  /** Children that ran and have ended. */
  readonly ended: number;
  /** Children that count. */
  readonly children: number;
  /** Whether a part of it did more than its volume, which was an estimate then. */
  readonly isOverrun: boolean;
  /** Whether children without a weight count by their volumes; else all of them count alike. */
  readonly isByVolume: boolean;
  /** Of an iterative task: rounds that are over. */
  readonly iteration: number | null;
  /** Of an iterative task: rounds there are; null for an open one that has not finished. */
  readonly iterations: number | null;
}

/**
 * What each of the tasks of a job amounts to, by its id. Takes parents before their children, as a
 * `JobTree` has them.
 */
export function aggregate(tasks: readonly TaskRecord[]): Map<number, Aggregate> {
  const sums = new Map<number, ChildSum>();
  const aggregates = new Map<number, Aggregate>();
  for (let at = tasks.length - 1; at >= 0; at -= 1) {
    const task = tasks[at];
    if (task === undefined) continue;
    const found = task.kind === 'leaf' ? ofLeaf(task) : ofGroup(task, sums.get(task.id));
    sums.delete(task.id);
    aggregates.set(task.id, found.aggregate);
    if (task.parent === null || task.isExcluded) continue;
    const sum = sums.get(task.parent) ?? new ChildSum();
    sum.add(task, found);
    sums.set(task.parent, sum);
  }
  return aggregates;
}

/** What a parent needs to know of a part of it. */
interface Part {
  readonly aggregate: Aggregate;
  /** Of the volume; not more than it. */
  readonly done: number;
  /** Whether there is anything in it that could have a unit. */
  readonly hasUnit: boolean;
}

function ofLeaf({ progress, volume, unit }: TaskRecord): Part {
  const done = volume === null ? 0 : Math.min(progress, volume);
  const fraction = volume === null ? null : ratio(done, volume);
  const aggregate = {
    ...{ progress, volume, unit, fraction, lowerBound: fraction ?? 0, ended: 0, children: 0 },
    isOverrun: volume !== null && progress > volume,
    ...{ isByVolume: true, iteration: null, iterations: null },
  };
  return { aggregate, done, hasUnit: true };
}

function ofGroup(task: TaskRecord, children: ChildSum | undefined): Part {
  const sum = children ?? new ChildSum();
  const { ended, isOverrun, isSum, isByVolume } = sum;
  const isOpen = task.mode === 'open' && task.status !== 'finished';
  const hasVolume = isSum && sum.hasVolumes && !isOpen;
  const aggregate = {
    progress: isSum ? sum.progress : null,
    volume: hasVolume ? sum.volume : null,
    unit: isSum ? (sum.unit ?? task.unit) : null,
    fraction: isOpen ? null : sum.fraction,
    lowerBound: isOpen ? 0 : sum.lowerBound,
    ...{ ended, children: sum.count, isOverrun, isByVolume },
    iteration: task.roundSize === null ? null : Math.floor(ended / task.roundSize),
    iterations: task.roundSize === null || isOpen ? null : Math.ceil(sum.count / task.roundSize),
  };
  return { aggregate, done: sum.done, hasUnit: sum.hasUnit || task.unit !== null };
}

/** Adds up the children of one task. */
class ChildSum {
  count = 0;
  ended = 0;
  isOverrun = false;
  progress = 0;
  volume = 0;
  done = 0;
  unit: string | null = null;
  hasUnit = false;
  hasVolumes = true;
  #isOneUnit = true;
  #hasWeights = false;
  #isKnown = true;
  // Which of the two counts is known when the last child has been added.
  readonly #byVolume = new Mean();
  readonly #alike = new Mean();

  add(task: TaskRecord, { aggregate, done, hasUnit }: Part): void {
    const { progress, volume, fraction, lowerBound } = aggregate;
    this.count += 1;
    if (hasRun(task)) this.ended += 1;
    this.isOverrun ||= aggregate.isOverrun;
    this.progress += progress ?? 0;
    this.volume += volume ?? 0;
    this.done += done;
    if (volume === null) this.hasVolumes = false;
    if (progress === null) this.#isOneUnit = false;
    if (hasUnit) this.#addUnit(aggregate.unit);
    if (fraction === null) this.#isKnown = false;
    if (task.weight !== null) this.#hasWeights = true;
    this.#byVolume.add(task.weight ?? volume ?? 0, lowerBound);
    this.#alike.add(task.weight ?? 1, lowerBound);
  }

  #addUnit(unit: string | null): void {
    if (this.hasUnit && unit !== this.unit) this.#isOneUnit = false;
    this.hasUnit = true;
    this.unit = unit;
  }

  get isSum(): boolean {
    return this.#isOneUnit && !this.#hasWeights;
  }

  get isByVolume(): boolean {
    return this.#isOneUnit && this.hasVolumes;
  }

  get fraction(): number | null {
    return this.#isKnown ? this.lowerBound : null;
  }

  get lowerBound(): number {
    // Of whole numbers the sums are exact, which the mean of quotients would not be.
    if (this.isSum && this.hasVolumes) return ratio(this.done, this.volume);
    return this.isByVolume ? this.#byVolume.value : this.#alike.value;
  }
}

class Mean {
  #sum = 0;
  #weight = 0;

  add(weight: number, value: number): void {
    this.#sum += weight * value;
    this.#weight += weight;
  }

  get value(): number {
    return ratio(this.#sum, this.#weight);
  }
}

function hasRun({ status, startedAt }: TaskRecord): boolean {
  return status === 'finished' || (isFinal(status) && startedAt !== null);
}

/** Of nothing, all is done. */
function ratio(part: number, whole: number): number {
  return part >= whole ? 1 : part / whole;
}
