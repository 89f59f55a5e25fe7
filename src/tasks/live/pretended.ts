import { statusAfter } from '../model/status.ts';
import type { Change, Outcome } from '../write/outcome.ts';
import { drafted } from './draft.ts';
import type { Task, Transition } from './task.ts';

/** What a transition does to a job that is not recorded: a task is what it is told to be. */
export function pretended({ task, action, plans = [] }: Transition, nextId: number): Outcome {
  if (action === 'add') return { changes: [], added: drafted(plans, task.id, nextId) };
  if (action !== 'next') {
    const status = statusAfter(task.status, action);
    return { changes: status ? [changeOf(task, status)] : [], added: [] };
  }
  const next = task.children.find(({ status }) => status === 'pending');
  if (next) return { changes: [changeOf(next, 'running')], added: [] };
  const added = drafted(plans, task.id, nextId);
  const [first] = added;
  return { changes: first ? [changeOf(first, 'running')] : [], added };
}

function changeOf(
  { id, progress, volume }: Pick<Task, 'id' | 'progress' | 'volume'>,
  status: Change['status'],
): Change {
  return { task: id, status, progress, volume };
}
