import type { TaskEvent } from '../../tasks.ts';
import { plainText } from '../text.ts';
import { timeText } from '../time.ts';
import { amountText } from './amount.ts';
import { bytesText } from './bytes.ts';
import { clockTime } from './local-time.ts';
import type { TaskNames } from './task-names.ts';

/** An event in a line: its number, time and kind, and of what it tells what. */
export function eventText(event: TaskEvent, names: TaskNames): string {
  const head = `${event.seq}  ${clockTime(event.at)}`;
  if (event.kind === 'cleared') {
    const whose = event.user === null ? 'every user' : plainText(event.user);
    return `${head}  ${plainText(event.database)}  cleared  ${counted(event.count, 'job')} of ${whose}`;
  }
  const words = [head, plainText(event.job), event.kind];
  if (event.kind === 'progress') words.push(movementsText(event.movements, names));
  else words.push(names.path(event.task), detailOf(event));
  return words.filter((word) => word !== '').join('  ');
}

type Movements = Extract<TaskEvent, { kind: 'progress' }>['movements'];

function movementsText(movements: Movements, names: TaskNames): string {
  return movements
    .map(({ task, progress, message }) => {
      const text = `${names.path(task)} ${amountText({ progress, volume: null, unit: null })}`;
      return message === null ? text : `${text} ${plainText(message)}`;
    })
    .join(', ');
}

type Lifecycle = Exclude<TaskEvent, { kind: 'cleared' | 'progress' }>;

function detailOf(event: Lifecycle): string {
  switch (event.kind) {
    case 'stored':
    case 'replaced':
    case 'added':
      return counted(event.tasks.length, 'task');
    case 'volume':
      return event.volume === null ? 'unknown' : String(event.volume);
    case 'log':
      return `${event.level}: ${plainText(event.message)}`;
    case 'recovered':
      return event.status;
    case 'reserved':
      return bytesText(event.reservedBytes);
    case 'finished':
    case 'failed':
    case 'canceled':
    case 'lost':
      return event.error === null ? '' : plainText(event.error);
    default:
      return '';
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** An event as every output names its fields. */
export function eventRow(event: TaskEvent): object {
  return rowOf(event);
}

const TIME = /^at$|At$/;

/** Names as JSON of other commands has them, also in what is within. */
function rowOf(value: object): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      TIME.test(name) && typeof field === 'number' ? timeText(field) : fieldOf(field),
    ]),
  );
}

function fieldOf(field: unknown): unknown {
  if (Array.isArray(field)) return field.map(fieldOf);
  return typeof field === 'object' && field !== null ? rowOf(field) : field;
}
