import type { LogLine } from '../../tasks/calls.ts';
import type { TaskEvent } from '../../tasks/model/event.ts';
import { PATH_SEPARATOR, pathOf } from '../../tasks/model/tree.ts';
import { amountText } from './amount-text.ts';
import type { Board } from './board.ts';

/** How a line of the tail looks. */
export type Tone = 'plain' | 'good' | 'bad' | 'warning' | 'soft';

/** A line of the tail of events or of the log. */
export interface TailLine {
  /** Grows from line to line. */
  readonly key: number;
  readonly at: number;
  readonly word: string;
  readonly tone: Tone;
  /** Whose it is: the path of the task, or the job. */
  readonly subject: string;
  readonly text: string;
  readonly jobId: number | null;
  readonly task: number | null;
}

const TONES: Readonly<Record<string, Tone>> = {
  finished: 'good',
  recovered: 'good',
  failed: 'bad',
  lost: 'bad',
  canceled: 'warning',
  'cancel-requested': 'warning',
  cleared: 'warning',
  removed: 'soft',
  volume: 'soft',
  added: 'soft',
  reserved: 'soft',
};

/** An event in words; undefined for progress and log lines, which have places of their own. */
export function eventLine(event: TaskEvent, board: Board): TailLine | undefined {
  if (event.kind === 'progress' || event.kind === 'log') return undefined;
  const { seq, at, kind } = event;
  const word = kind.replace('-', ' ');
  const tone = TONES[kind] ?? 'plain';
  if (event.kind === 'cleared') {
    const whose = event.user === null ? event.database : `${event.database} / ${event.user}`;
    const text = `${event.count} jobs`;
    return { key: seq, at, word, tone, subject: whose, text, jobId: null, task: null };
  }
  const { jobId, task } = event;
  const subject = subjectOf(event, board);
  return { key: seq, at, word, tone, subject, text: textOf(event), jobId, task };
}

/** A log event as the line that it becomes. */
export function logEventLine(event: TaskEvent, board: Board): TailLine | undefined {
  if (event.kind !== 'log') return undefined;
  const { seq, at, level, message, jobId, task } = event;
  const subject = subjectOf(event, board);
  return { key: seq, at, ...levelOf(level), subject, text: message, jobId, task };
}

/** A line that was kept; before all that come live. */
export function keptLine({ id, at, level, path, message, jobId, task }: LogLine): TailLine {
  const key = id - Number.MAX_SAFE_INTEGER;
  return { key, at, ...levelOf(level), subject: path, text: message, jobId, task };
}

function levelOf(level: 'info' | 'warning'): Pick<TailLine, 'word' | 'tone'> {
  return { word: level, tone: level === 'warning' ? 'warning' : 'plain' };
}

type OfTask = Exclude<TaskEvent, { kind: 'progress' | 'cleared' }>;

/** Names from the root on; the job's id where it is gone. */
function subjectOf(event: OfTask, board: Board): string {
  const view = board.view(event.jobId);
  const task = view?.tree.byId.get(event.task);
  if (view && task) return pathOf(task, view.tree.byId);
  const tasks = event.kind === 'stored' || event.kind === 'replaced' ? event.tasks : [];
  return tasks[0]?.name ?? `${event.job}${PATH_SEPARATOR}${event.task}`;
}

function textOf(event: OfTask): string {
  switch (event.kind) {
    case 'stored':
      return `${event.tasks.length} tasks as ${event.user} in ${event.database}`;
    case 'replaced':
      return `${event.tasks.length} tasks in the place of generation ${event.record.generation - 1}`;
    case 'added':
      return `${event.tasks.length} tasks more`;
    case 'volume':
      return event.volume === null ? 'unknown' : amountText(event.volume);
    case 'finished':
    case 'failed':
    case 'canceled':
    case 'lost':
      return event.error ?? '';
    case 'recovered':
      return `is ${event.status}`;
    default:
      return '';
  }
}
