import type { JobTree, OwnerRecord, TaskRecord } from '../../tasks.ts';

/** When jobs of tests begin, epoch ms. */
export const START = Date.UTC(2026, 10, 20, 12);

/** A running leaf, and what is different about it. */
export function record(id: number, changes: Partial<TaskRecord> = {}): TaskRecord {
  return {
    ...{ id, parent: id === 1 ? null : 1, kind: 'leaf', name: `task-${id}`, status: 'running' },
    ...{ mode: null, roundSize: null, unit: null, weight: null, volume: null, progress: 0 },
    ...{ message: null, error: null, isExcluded: false, concurrency: null },
    ...{ startedAt: START, finishedAt: null, taskSeq: 1 },
    ...changes,
  };
}

export function groupRecord(id: number, changes: Partial<TaskRecord> = {}): TaskRecord {
  return record(id, { kind: 'group', mode: 'sequential', ...changes });
}

/** A job whose root is the task 1. */
export function tree(tasks: readonly TaskRecord[], changes: Partial<JobTree['job']> = {}): JobTree {
  const job = {
    ...{
      id: 1,
      database: 'default',
      user: 'kim',
      job: 'nightly',
      generation: 1,
      root: 1,
      owner: 7,
    },
    ...{ createdAt: START, cancelRequestedAt: null, memoryMinBytes: null, memoryMaxBytes: null },
    reservedBytes: 0,
    ...changes,
  };
  return { job, tasks };
}

export function ownerRecord(changes: Partial<OwnerRecord> = {}): OwnerRecord {
  return {
    ...{ id: 7, pid: 4242, host: 'box', command: 'node load.js', cwd: '/srv', state: 'alive' },
    leaseUntil: START + 15_000,
    ...changes,
  };
}
