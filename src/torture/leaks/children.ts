import { listProc, readProc } from '../stall/proc.ts';
import { type ProcessStat, statOf } from '../stall/process-stat.ts';

/** A process that this one has started and that has not been collected. */
export type Child = Pick<ProcessStat, 'id' | 'command' | 'state'>;

/**
 * Child processes, those that are dead and uncollected included. One whose parent has left it is
 * nobody's child and is not found. Undefined where there is no `/proc`.
 */
export function childProcesses(): readonly Child[] | undefined {
  const processes = listProc('self')?.includes('stat') ? childIds() : undefined;
  return processes
    ?.map((id) => statOf(id))
    .filter((stat) => stat !== undefined)
    .filter(({ parent }) => parent === process.pid)
    .map(({ id, command, state }) => ({ id, command, state }));
}

/** Kernels without a list of children are asked for all processes. */
function childIds(): readonly string[] {
  const lists = listProc('self/task')?.map((thread) => readProc(`self/task/${thread}/children`));
  if (lists?.some((list) => list !== undefined)) {
    return lists.flatMap((list) => list?.split(' ').filter((id) => id !== '') ?? []);
  }
  return (listProc('') ?? []).filter((name) => /^\d+$/.test(name));
}
