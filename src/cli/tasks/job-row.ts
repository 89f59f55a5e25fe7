import type { Aggregate, Estimate, JobInfo, TaskRecord } from '../../tasks.ts';
import { timeText } from '../time.ts';
import { elapsedMs } from './job-cells.ts';

/** What is known of a task beside its record. */
export interface Seen {
  readonly aggregate: Aggregate | undefined;
  readonly estimate: Estimate | undefined;
  readonly now: number;
}

/** A job as every output names its fields, with those of its root task. */
export function jobRow({ job, owner }: JobInfo, root: TaskRecord, seen: Seen) {
  const { database, user, generation, createdAt, cancelRequestedAt } = job;
  const { pid, host, command, cwd, state } = owner;
  return {
    ...{ job: job.job, database, user, generation },
    ...taskRow(root, seen),
    created_at: timeText(createdAt),
    cancel_requested_at: timeText(cancelRequestedAt ?? undefined),
    memory_min_bytes: job.memoryMinBytes,
    memory_max_bytes: job.memoryMaxBytes,
    reserved_bytes: job.reservedBytes,
    owner: { pid, host, command, cwd, state },
  };
}

/** A task as every output names its fields. */
export function taskRow(task: TaskRecord, { aggregate, estimate, now }: Seen) {
  const { id, parent, kind, name, status, mode, message, error, concurrency, isExcluded } = task;
  return {
    ...{ task: id, parent, kind, mode, name, status },
    progress: aggregate?.progress ?? null,
    volume: aggregate?.volume ?? null,
    unit: aggregate?.unit ?? null,
    fraction: aggregate?.fraction ?? null,
    lower_bound: aggregate?.lowerBound ?? 0,
    is_overrun: aggregate?.isOverrun ?? false,
    is_excluded: isExcluded,
    ...{ message, error, concurrency },
    started_at: timeText(task.startedAt ?? undefined),
    finished_at: timeText(task.finishedAt ?? undefined),
    elapsed_ms: elapsedMs(task, now),
    remaining_ms: rounded(estimate?.remainingMs),
    remaining_low_ms: rounded(estimate?.lowMs),
    remaining_high_ms: rounded(estimate?.highMs),
    rate_per_second: estimate?.ratePerSecond ?? null,
  };
}

function rounded(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Math.round(ms);
}
