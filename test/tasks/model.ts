import type { Plan, TaskStatus } from '../../src/tasks.ts';

/** A task as it ought to be. Each function answers false, and does nothing, where a call is illegal. */
export interface ModelTask {
  readonly plan: Plan;
  readonly parent: ModelTask | undefined;
  readonly children: ModelTask[];
  status: TaskStatus;
  volume: number | null;
  progress: number;
  hasStarted: boolean;
  isExcluded: boolean;
}

/** A pending task with all that its plan says, the last one of `parent`. */
export function grow(plan: Plan, parent?: ModelTask): ModelTask {
  const { volume } = plan;
  const fresh = { progress: 0, status: 'pending', hasStarted: false, isExcluded: false } as const;
  const task: ModelTask = { plan, parent, children: [], volume, ...fresh };
  parent?.children.push(task);
  for (const child of plan.children) grow(child, task);
  return task;
}

export function start(task: ModelTask): boolean {
  if (task.status !== 'pending') return false;
  let top = task;
  while (top.parent?.status === 'pending') top = top.parent;
  if (top.parent && takesTurns(top.parent) && has(top.parent, 'running')) return false;
  for (let at: ModelTask = task; ; at = at.parent) {
    at.status = 'running';
    at.hasStarted = true;
    if (at === top || at.parent === undefined) return true;
  }
}

export function finish(task: ModelTask): boolean {
  if (task.status !== 'running' || has(task, 'running')) return false;
  if (task.plan.mode === 'fixed' && has(task, 'pending')) return false;
  for (const child of task.children) leaveOut(child);
  if (task.plan.kind === 'leaf') {
    task.volume ??= task.progress;
    task.progress = Math.max(task.progress, task.volume);
  }
  task.status = 'finished';
  return true;
}

export function end(task: ModelTask, as: 'failed' | 'canceled', ancestors = false): boolean {
  if (hasEnded(task)) return false;
  for (let at: ModelTask | undefined = task; at; at = ancestors ? at.parent : undefined) {
    for (const child of at.children) endBelow(child, as);
    at.status = as;
  }
  return true;
}

/** The task that it has started, undefined where none is left. */
export function next(task: ModelTask): ModelTask | undefined | false {
  if (task.status !== 'running') return false;
  if (takesTurns(task) && has(task, 'running')) return false;
  if (task.plan.mode === 'open' && !has(task, 'pending')) {
    for (const plan of task.plan.round) grow(plan, task);
  }
  const found = task.children.find(({ status }) => status === 'pending');
  if (found) start(found);
  return found;
}

export function add(task: ModelTask, plan: Plan): boolean {
  if (hasEnded(task)) return false;
  grow(plan, task);
  return true;
}

export function advance(task: ModelTask, amount: number): boolean {
  if (task.status !== 'running') return false;
  task.progress += amount;
  return true;
}

export function setVolume(task: ModelTask, volume: number | null): boolean {
  if (hasEnded(task)) return false;
  task.volume = volume;
  return true;
}

export function hasEnded({ status }: ModelTask): boolean {
  return status !== 'pending' && status !== 'running';
}

/** The task and all that it consists of. */
export function within(task: ModelTask): ModelTask[] {
  return [task, ...task.children.flatMap(within)];
}

const takesTurns = ({ plan }: ModelTask) => plan.mode !== 'parallel';

const has = (task: ModelTask, wanted: TaskStatus) =>
  task.children.some(({ status }) => status === wanted);

function leaveOut(task: ModelTask): void {
  if (hasEnded(task)) return;
  task.status = 'canceled';
  task.isExcluded = true;
  task.children.forEach(leaveOut);
}

function endBelow(task: ModelTask, as: 'failed' | 'canceled'): void {
  if (hasEnded(task)) return;
  task.status = as === 'failed' && task.status === 'running' ? 'failed' : 'canceled';
  for (const child of task.children) endBelow(child, as);
}
