import { inOrder, type Plan } from '../model/plan.ts';
import type { JobTree, TaskRecord } from '../model/record.ts';

/** Tasks as a plan says them, numbered from `id` on, for a store that keeps nothing. */
export function drafted(
  plans: readonly Plan[],
  parent: number | null,
  id: number,
): readonly TaskRecord[] {
  const parents = new Map<Plan, number>();
  return [...inOrder(plans)].map((plan, index) => {
    const own = id + index;
    for (const child of plan.children) parents.set(child, own);
    return {
      ...{ id: own, parent: parents.get(plan) ?? parent, kind: plan.kind, name: plan.name },
      ...{ mode: plan.mode, roundSize: plan.round.length || null, unit: plan.unit },
      ...{ weight: plan.weight, volume: plan.volume, concurrency: plan.concurrency },
      ...{ status: 'pending', progress: 0, message: null, error: null, isExcluded: false },
      ...{ startedAt: null, finishedAt: null, taskSeq: 0 },
    };
  });
}

/** A job that nobody but this process knows of. */
export function draftedJob(job: string, plan: Plan, createdAt: number): JobTree {
  return {
    job: {
      ...{ id: 0, database: '', user: '', job, generation: 1, root: 1, owner: 0, createdAt },
      ...{ cancelRequestedAt: null, memoryMinBytes: null, memoryMaxBytes: null, reservedBytes: 0 },
    },
    tasks: drafted([plan], null, 1),
  };
}
