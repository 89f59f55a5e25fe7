import { childIds } from '../stall/cpu.ts';
import { listProc } from '../stall/proc.ts';
import { type ProcessStat, statOf } from '../stall/process-stat.ts';

/** A process that this one has started and that has not been collected. */
export type Child = Pick<ProcessStat, 'id' | 'command' | 'state'>;

/**
 * Child processes, those that are dead and uncollected included. One whose parent has left it is
 * nobody's child and is not found. Undefined where there is no `/proc`.
 */
export function childProcesses(): readonly Child[] | undefined {
  const threads = listProc('self/task');
  if (!threads) return undefined;
  const lists = threads.map((thread) => childIds(`self/task/${thread}`));
  // Kernels without lists of children are asked for all processes.
  const ids = lists.some((list) => list !== undefined) ? lists.flat() : listProc('')?.map(Number);
  return ids
    ?.filter((id) => id !== undefined && id > 0)
    .map((id) => statOf(`${id}`))
    .filter((stat) => stat !== undefined)
    .filter(({ parent }) => parent === process.pid)
    .map(({ id, command, state }) => ({ id, command, state }));
}
