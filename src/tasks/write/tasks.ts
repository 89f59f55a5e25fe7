import { type Steps, values } from '../../engine/steps.ts';
import type { Plan } from '../model/plan.ts';
import type { TaskRecord } from '../model/record.ts';
import { TASK_COLUMNS, type TaskValues, taskOf } from '../rows.ts';

/** Where new tasks belong. */
interface Place {
  readonly job: number;
  readonly parent: number | null;
  /** What they have where they say nothing of their own. */
  readonly concurrency: number | null;
}

/** Inserts what `plans` say, in their order, parents before their children. */
export function* insertTasks(plans: readonly Plan[], place: Place): Steps<readonly TaskRecord[]> {
  const inserted: TaskRecord[] = [];
  // Depth first, with the next one on top: trees may be as deep as they have tasks.
  const open = plans.map((plan) => ({ plan, ...place })).reverse();
  for (let next = open.pop(); next; next = open.pop()) {
    const { plan } = next;
    const task = yield* insertTask(plan, next);
    inserted.push(task);
    const inside = { job: place.job, parent: task.id, concurrency: task.concurrency };
    for (const child of plan.children.toReversed()) open.push({ plan: child, ...inside });
  }
  return inserted;
}

function* insertTask(plan: Plan, { job, parent, concurrency }: Place): Steps<TaskRecord> {
  const [row] = yield* values<TaskValues>(
    `INSERT INTO tasks (job, parent, kind, name, status, mode, round_size, rounds, unit, weight,
      volume, progress, is_excluded, concurrency, task_seq)
    VALUES (?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, 0, 0, ?, 0) RETURNING ${TASK_COLUMNS}`,
    ...[job, parent, plan.kind, plan.name, plan.mode],
    ...(plan.kind === 'iterative' ? [plan.round.length, plan.rounds] : [null, null]),
    ...[plan.unit, plan.weight, plan.volume, plan.concurrency ?? concurrency],
  );
  if (row === undefined) throw new TypeError('an insert returned no row');
  return taskOf(row);
}
