import type { Aggregate } from '../model/aggregate.ts';
import type { TaskRecord } from '../model/record.ts';
import { type Estimate, estimateOf } from './estimate.ts';
import { type Prior, remainingAfter } from './prior.ts';
import type { Rest } from './rest.ts';

/** What is known of a group or an iterative task. */
export interface GroupBasis {
  readonly rest: Rest;
  readonly aggregate: Aggregate;
  readonly prior: Prior | undefined;
  readonly elapsedMs: number;
}

export function estimateGroup(task: TaskRecord, basis: GroupBasis): Estimate {
  const { rest, aggregate, prior } = basis;
  const lanes = task.mode === 'parallel' ? (task.concurrency ?? Infinity) : 1;
  const ratePerSecond = aggregate.progress === null ? null : rest.ratePerSecond;
  const remainingMs = remainingOf(task, lanes, basis);
  const estimate = estimateOf(ratePerSecond, remainingMs, prior);
  if (remainingMs === null || estimate.lowMs !== null || !rest.hasRange) return estimate;
  const lowMs = Math.min(remainingMs, rest.lowMs(lanes));
  return { ...estimate, lowMs, highMs: Math.max(remainingMs, rest.highMs(lanes)) };
}

function remainingOf({ mode }: TaskRecord, lanes: number, basis: GroupBasis): number | null {
  const { rest, aggregate, prior, elapsedMs } = basis;
  const leastMs = rest.leastMs(lanes);
  const expectedMs = prior === undefined ? null : remainingAfter(prior, elapsedMs);
  const byPriorMs = expectedMs === null ? null : Math.max(leastMs, expectedMs);
  // Only former runs tell of rounds to come, and of children that are yet to be added.
  if (mode === 'open') return byPriorMs;
  if (aggregate.children === 0) return byPriorMs ?? 0;
  const knownMs = rest.knownMs(lanes);
  if (knownMs === null) return byPriorMs ?? rest.pacedMs(lanes);
  // All the rounds there may be, of which former runs may not have needed each.
  return mode === 'dynamic' && expectedMs !== null ? Math.min(knownMs, expectedMs) : knownMs;
}
