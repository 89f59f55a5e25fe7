import type { JobRecord, JobTree, TaskRecord } from '../../tasks/model/record.ts';

/** A task with what is said of it. */
export function taskOf(said: Partial<TaskRecord> & Pick<TaskRecord, 'id'>): TaskRecord {
  return {
    ...{ parent: null, kind: 'leaf', name: `task ${said.id}`, status: 'pending', mode: null },
    ...{ roundSize: null, unit: null, weight: null, volume: null, progress: 0, message: null },
    ...{ error: null, isExcluded: false, concurrency: null, startedAt: null, finishedAt: null },
    taskSeq: 1,
    ...said,
  };
}

/** A job of those tasks; the first one is its root. */
export function jobOf(tasks: readonly TaskRecord[], said: Partial<JobRecord> = {}): JobTree {
  const root = tasks[0]?.id ?? 0;
  const job = {
    ...{ id: root, database: 'default', user: 'anna', job: `job-${root}`, generation: 1, root },
    ...{ owner: 1, createdAt: 0, cancelRequestedAt: null, memoryMinBytes: null },
    ...{ memoryMaxBytes: null, reservedBytes: 0 },
    ...said,
  };
  return { job, tasks };
}

/** A running job that reads, then refines in rounds of one task. */
export function sampleJob(): JobTree {
  const running = { status: 'running', startedAt: 1000 } as const;
  const done = { status: 'finished', startedAt: 1000, finishedAt: 3000 } as const;
  return jobOf([
    taskOf({ id: 10, name: 'Import', kind: 'group', mode: 'sequential', ...running }),
    taskOf({ id: 11, parent: 10, name: 'Read', volume: 50, progress: 50, unit: 'rows', ...done }),
    taskOf({
      ...{ id: 12, parent: 10, name: 'Refine', kind: 'iterative', mode: 'fixed', roundSize: 1 },
      ...running,
    }),
    taskOf({ id: 13, parent: 12, name: 'Round', volume: 10, progress: 10, ...done }),
    taskOf({ id: 14, parent: 12, name: 'Round', volume: 10, progress: 5, ...running }),
    taskOf({ id: 15, parent: 10, name: 'Write', volume: 10 }),
  ]);
}
