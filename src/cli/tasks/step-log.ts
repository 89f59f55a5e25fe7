import type { TaskRecord } from '../../tasks.ts';
import { plainText } from '../text.ts';
import { amountText } from './amount.ts';
import { elapsedWords } from './elapsed.ts';

const EVERY_MS = 10_000;

/** What was said of a task last. */
interface Said {
  status: TaskRecord['status'];
  percent: number;
  progress: number;
  message: string | null;
  at: number;
}

/**
 * What is worth a line where lines cannot be written over. Of each task every change of its status;
 * of a running leaf each percent once, in ascending order, and after 10 s without one how far it has
 * come. 100% is said when it has finished, and not before.
 */
export class StepLog {
  readonly #said = new Map<number, Said>();

  /** What is new of a task, `at` epoch ms; undefined when that is not worth a line. */
  lineOf(task: TaskRecord, at: number): string | undefined {
    const said = this.#said.get(task.id);
    const { id, status, progress, message } = task;
    const percent = percentOf(task);
    if (said === undefined || said.status !== status) {
      this.#said.set(id, { status, percent, progress, message, at });
      return isNews(task, said) ? changeText(task, said) : undefined;
    }
    if (task.kind !== 'leaf' || status !== 'running') return undefined;
    if (percent > said.percent) {
      Object.assign(said, { percent, progress, message, at });
      return stepText(task, `${percent}% (${amountText(task)})`);
    }
    // There may be more to do than was thought.
    said.percent = percent;
    if (at - said.at < EVERY_MS) return undefined;
    if (progress === said.progress && message === said.message) return undefined;
    Object.assign(said, { progress, message, at });
    return stepText(task, amountText(task));
  }

  /** Nothing more will be asked about these. */
  forget(tasks: Iterable<TaskRecord>): void {
    for (const { id } of tasks) this.#said.delete(id);
  }
}

/** Whole percents of a leaf that is not finished; 0 where they are not known. */
function percentOf({ progress, volume }: TaskRecord): number {
  if (volume === null || volume === 0) return 0;
  return Math.min(99, Math.floor((progress * 100) / volume));
}

function stepText({ message }: TaskRecord, text: string): string {
  return message === null ? text : `${text}: ${plainText(message)}`;
}

/** What was there before anybody looked is told as long as it runs, and what never ran is not. */
function isNews({ status, startedAt }: TaskRecord, said: Said | undefined): boolean {
  return said === undefined ? status === 'running' : startedAt !== null;
}

function changeText(task: TaskRecord, said: Said | undefined): string {
  if (task.status !== 'running') return endText(task);
  if (said !== undefined) return 'started';
  return stepText(task, hasMoved(task) ? `running, ${amountText(task)}` : 'running');
}

function hasMoved({ kind, progress, volume }: TaskRecord): boolean {
  return kind === 'leaf' && (progress > 0 || (volume ?? 0) > 0);
}

/** How a task has ended: `finished, 100%, 1000 of 1000 rows, 3 seconds`. */
export function endText(task: TaskRecord): string {
  const { kind, status, error, startedAt, finishedAt } = task;
  const time = startedAt !== null && finishedAt !== null ? finishedAt - startedAt : undefined;
  const parts = [
    error === null ? status : `${status}: ${plainText(error)}`,
    ...(status === 'finished' && kind === 'leaf' ? ['100%'] : []),
    ...(hasMoved(task) ? [amountText(task)] : []),
    ...(time === undefined ? [] : [elapsedWords(time)]),
  ];
  return parts.join(', ');
}
