import { run, type Steps } from '../../engine/steps.ts';
import type { LogEvent } from '../model/event.ts';
import { messageText } from '../model/message.ts';
import { requireJob } from './jobs.ts';
import { nextTaskSeq, recordEvent } from './journal.ts';
import { requireRunning, requireTask } from './transition.ts';

/** Lines of one task that are kept, the newest. */
export const LINES_PER_TASK_MAX = 500;

/** Tasks of one user whose lines are kept, those that wrote last. */
export const TASKS_PER_USER_MAX = 100;

/** Says how much a leaf has to do. @throws ILLEGAL_TRANSITION unless it runs or is pending */
export function* setVolumeBody(task: number, volume: number | null, at: number): Steps<void> {
  const row = yield* requireTask(task, at);
  if (row.status !== 'pending') requireRunning(row);
  const job = yield* requireJob(row.job);
  yield* run('UPDATE tasks SET volume = ? WHERE id = ?', volume, task);
  const taskSeq = yield* nextTaskSeq(task);
  yield* recordEvent(job, { task, taskSeq }, 'volume', at, { volume });
}

/** Adds a line to the user's log. A task that has ended may still say what became of it. */
export function* logBody(
  task: number,
  level: LogEvent['level'],
  text: string,
  at: number,
): Steps<void> {
  const row = yield* requireTask(task, at);
  const job = yield* requireJob(row.job);
  const message = messageText(text);
  yield* run(
    'INSERT INTO log (job_id, task, at, level, message) VALUES (?, ?, ?, ?, ?)',
    ...[row.job, task, at, level, message],
  );
  yield* run(
    `DELETE FROM log WHERE task = ? AND id <= (
      SELECT id FROM log WHERE task = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    ...[task, task, LINES_PER_TASK_MAX],
  );
  yield* forgetTasks(job.database, job.user);
  const taskSeq = yield* nextTaskSeq(task);
  yield* recordEvent(job, { task, taskSeq }, 'log', at, { level, message });
}

/** Keeps the lines of the tasks of a user that wrote last. */
function* forgetTasks(database: number, user: string): Steps<void> {
  yield* run(
    `DELETE FROM log WHERE task IN (
      SELECT l.task FROM log l JOIN jobs j ON j.id = l.job_id
      WHERE j.database = ? AND j.user = ?
      GROUP BY l.task ORDER BY MAX(l.id) DESC LIMIT -1 OFFSET ?)`,
    ...[database, user, TASKS_PER_USER_MAX],
  );
}
