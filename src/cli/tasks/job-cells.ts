import { isFinal, type JobInfo, type OwnerRecord, type TaskRecord } from '../../tasks.ts';
import { elapsedWords } from './elapsed.ts';
import { localTime } from './local-time.ts';

/** The status of a job, and that its end was asked for. */
export function statusText({ job }: Pick<JobInfo, 'job'>, root: TaskRecord): string {
  const isAsked = job.cancelRequestedAt !== null && !isFinal(root.status);
  return isAsked ? `${root.status}, to be canceled` : root.status;
}

export function startText({ startedAt, status }: TaskRecord): string {
  if (startedAt !== null) return localTime(startedAt);
  return isFinal(status) ? 'Never started' : 'Not yet started';
}

/** How long a task has run, until now where it has not ended; null before it has started. */
export function elapsedMs({ startedAt, finishedAt }: TaskRecord, now: number): number | null {
  return startedAt === null ? null : (finishedAt ?? now) - startedAt;
}

export function elapsedText(task: TaskRecord, now: number): string {
  const ms = elapsedMs(task, now);
  return ms === null ? '-' : elapsedWords(ms);
}

/** The pid of an owner, and what is wrong with it as long as that matters to its job. */
export function ownerText(owner: OwnerRecord | undefined, { status }: TaskRecord): string {
  if (owner === undefined) return '-';
  const badge = status === 'lost' || !isFinal(status) ? badgeOf(owner, status) : '';
  return `${owner.pid}${badge}`;
}

function badgeOf({ state }: OwnerRecord, status: TaskRecord['status']): string {
  if (status === 'lost') return ' (lost)';
  return state === 'alive' ? '' : ` (${state})`;
}
