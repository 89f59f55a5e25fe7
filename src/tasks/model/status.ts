import { isFinal, type TaskStatus } from './record.ts';

/** What an owner does to a task. */
export type Action = 'start' | 'finish' | 'fail' | 'cancel';

/** What a task of status `from` becomes by `action`; undefined where it may not be done. */
export function statusAfter(from: TaskStatus, action: Action): TaskStatus | undefined {
  if (isFinal(from)) return undefined;
  switch (action) {
    case 'start':
      return from === 'pending' ? 'running' : undefined;
    case 'finish':
      return from === 'running' ? 'finished' : undefined;
    case 'fail':
      return 'failed';
    case 'cancel':
      return 'canceled';
  }
}

/** What becomes of a part of a task that ends as `whole`. What never ran has not failed. */
export function statusWithin(part: TaskStatus, whole: TaskStatus): TaskStatus {
  if (whole === 'lost') return 'lost';
  return part === 'running' && whole === 'failed' ? 'failed' : 'canceled';
}
