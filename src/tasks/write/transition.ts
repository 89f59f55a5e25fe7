import { all, one, type Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import type { Plan } from '../model/plan.ts';
import type { TaskRecord, TaskStatus } from '../model/record.ts';
import { type Action, statusAfter } from '../model/status.ts';
import type { JobRow, TaskRow } from '../rows.ts';
import { endTask, endWithin } from './end.ts';
import { detached, requireJob } from './jobs.ts';
import { nextTaskSeq, recordEvent } from './journal.ts';
import type { Change, Outcome, Sightings } from './outcome.ts';
import { recoverJob } from './recover.ts';
import { insertTasks } from './tasks.ts';

/**
 * Starts a task, and first those of its ancestors that are pending.
 * @throws ILLEGAL_TRANSITION, DETACHED
 */
export function* startBody(task: number, at: number): Steps<Outcome> {
  const row = yield* requireTask(task, at);
  requireAction(row, 'start');
  const job = yield* requireJob(row.job);
  return { changes: yield* startWithAncestors(row, job, at), added: [] };
}

/**
 * Ends a task that did all it had to do. Parts of a group that never ran are left out of it.
 * @throws ILLEGAL_TRANSITION, DETACHED
 */
export function* finishBody(task: number, sightings: Sightings, at: number): Steps<Outcome> {
  const row = yield* requireTask(task, at);
  requireAction(row, 'finish');
  const job = yield* requireJob(row.job);
  yield* requireNoneRunning(row);
  if (row.mode === 'fixed') yield* requireAllRounds(row);
  const changes: Change[] = yield* endWithin(row, job, { status: 'canceled', sightings, at }, true);
  changes.push(yield* endTask(row, job, { status: 'finished', sightings, at }));
  return { changes, added: [] };
}

/** How a task ends otherwise than by finishing. */
export interface Ending {
  readonly status: 'failed' | 'canceled';
  readonly error: string | null;
  /** The tasks that it is a part of end with it. */
  readonly ancestors: boolean;
}

/**
 * Ends a task and all parts of it.
 * @throws ILLEGAL_TRANSITION, DETACHED
 */
export function* endBody(
  task: number,
  { status, error, ancestors }: Ending,
  sightings: Sightings,
  at: number,
): Steps<Outcome> {
  const row = yield* requireTask(task, at);
  requireAction(row, status === 'failed' ? 'fail' : 'cancel');
  const job = yield* requireJob(row.job);
  const changes: Change[] = [];
  const how = { status, error, sightings, at };
  for (
    let one: TaskRow | undefined = row;
    one;
    one = ancestors ? yield* parentOf(one) : undefined
  ) {
    changes.push(...(yield* endWithin(one, job, how)), yield* endTask(one, job, how));
  }
  return { changes, added: [] };
}

/**
 * Starts the next pending part of a group. An open iteration gets another `round` when none is
 * pending. Without one there are no changes.
 * @throws ILLEGAL_TRANSITION while the group, or in sequence another part of it, does not allow it
 */
export function* nextBody(task: number, round: readonly Plan[], at: number): Steps<Outcome> {
  const row = yield* requireTask(task, at);
  requireRunning(row);
  yield* requireRoom(row, 'another part');
  const job = yield* requireJob(row.job);
  let next: TaskRow | undefined = yield* firstPending(task);
  const added: TaskRecord[] = [];
  if (next === undefined && row.mode === 'open') {
    added.push(...(yield* addTo(row, job, round, at)));
    next = yield* firstPending(task);
  }
  if (next === undefined) return { changes: [], added };
  return { changes: yield* startWithAncestors(next, job, at), added };
}

/** Adds parts to a group that has not ended. @throws ILLEGAL_TRANSITION, DETACHED */
export function* addBody(task: number, plans: readonly Plan[], at: number): Steps<Outcome> {
  const row = yield* requireTask(task, at);
  if (statusAfter(row.status, 'cancel') === undefined) throw illegal(row, 'be added to');
  const job = yield* requireJob(row.job);
  return { changes: [], added: yield* addTo(row, job, plans, at) };
}

function* addTo(
  row: TaskRow,
  job: JobRow,
  plans: readonly Plan[],
  at: number,
): Steps<readonly TaskRecord[]> {
  const place = { job: row.job, parent: row.id, concurrency: row.concurrency };
  const tasks = yield* insertTasks(plans, place);
  const taskSeq = yield* nextTaskSeq(row.id);
  yield* recordEvent(job, { task: row.id, taskSeq }, 'added', at, { tasks });
  return tasks;
}

/** The row of a task, which its owner asks for. @throws DETACHED */
export function* requireTask(id: number, at: number): Steps<TaskRow> {
  const row: TaskRow | undefined = yield* one('SELECT * FROM tasks WHERE id = ?', id);
  if (row === undefined) throw detached(`task ${id}`);
  if (row.status !== 'lost' || !(yield* recoverJob(row.job, at))) return row;
  return yield* requireTask(id, at);
}

export function requireRunning(row: TaskRow): void {
  if (row.status !== 'running') throw illegal(row, 'go on');
}

function requireAction(row: TaskRow, action: Action): void {
  if (statusAfter(row.status, action) === undefined) throw illegal(row, action);
}

function illegal({ name, status }: TaskRow, what: string): HoldfastError {
  return new HoldfastError('ILLEGAL_TRANSITION', `task '${name}' is ${status} and cannot ${what}`);
}

function* startWithAncestors(row: TaskRow, job: JobRow, at: number): Steps<Change[]> {
  const chain = [row];
  for (let up = yield* parentOf(row); up?.status === 'pending'; up = yield* parentOf(up)) {
    chain.push(up);
  }
  const changes: Change[] = [];
  for (const task of chain.reverse()) {
    yield* requireTurn(task);
    changes.push(yield* startTask(task, job, at));
  }
  return changes;
}

function* startTask(row: TaskRow, job: JobRow, at: number): Steps<Change> {
  const started = yield* one<{ task_seq: number }>(
    `UPDATE tasks SET status = 'running', started_at = ?, task_seq = task_seq + 1
    WHERE id = ? RETURNING task_seq`,
    ...[at, row.id],
  );
  yield* recordEvent(job, { task: row.id, taskSeq: started?.task_seq ?? 0 }, 'started', at);
  return { task: row.id, status: 'running', progress: row.progress, volume: row.volume };
}

function* parentOf(row: TaskRow): Steps<TaskRow | undefined> {
  if (row.parent === null) return undefined;
  return yield* one<TaskRow>('SELECT * FROM tasks WHERE id = ?', row.parent);
}

function* requireTurn(row: TaskRow): Steps<void> {
  const parent = yield* parentOf(row);
  if (parent) yield* requireRoom(parent, `task '${row.name}'`);
}

/** Parts of a sequential group and rounds run one at a time. */
function* requireRoom(parent: TaskRow, what: string): Steps<void> {
  if (parent.mode === 'parallel') return;
  const running = yield* firstOf(parent.id, 'running');
  if (running === undefined) return;
  throw new HoldfastError(
    'ILLEGAL_TRANSITION',
    `${what} cannot start while '${running.name}' runs: '${parent.name}' is ${parent.mode}`,
  );
}

function* requireNoneRunning(row: TaskRow): Steps<void> {
  const running = yield* firstOf(row.id, 'running');
  if (running === undefined) return;
  throw new HoldfastError(
    'ILLEGAL_TRANSITION',
    `task '${row.name}' cannot finish while '${running.name}' runs`,
  );
}

function* requireAllRounds(row: TaskRow): Steps<void> {
  if ((yield* firstPending(row.id)) === undefined) return;
  const rows = yield* all<{ left: number }>(
    "SELECT COUNT(*) AS left FROM tasks WHERE parent = ? AND status = 'pending'",
    row.id,
  );
  throw new HoldfastError(
    'ILLEGAL_TRANSITION',
    `task '${row.name}' has ${row.rounds} rounds and cannot finish with ${rows[0]?.left} tasks of them left`,
  );
}

function* firstPending(parent: number): Steps<TaskRow | undefined> {
  return yield* firstOf(parent, 'pending');
}

function* firstOf(parent: number, status: TaskStatus): Steps<TaskRow | undefined> {
  return yield* one<TaskRow>(
    'SELECT * FROM tasks WHERE parent = ? AND status = ? ORDER BY id LIMIT 1',
    ...[parent, status],
  );
}
