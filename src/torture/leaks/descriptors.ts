import { linkOfProc, listProc } from '../stall/proc.ts';

/**
 * Targets of the open descriptors of this process, by number: a path, `socket:[8]`,
 * `anon_inode:[eventpoll]`. Descriptors belong to the process, so a thread sees those of all
 * threads. Undefined where there is no `/proc`.
 */
export function openDescriptors(): ReadonlyMap<string, string> | undefined {
  const numbers = listProc('self/fd');
  if (!numbers) return undefined;
  const targets = new Map<string, string>();
  for (const number of numbers) {
    // The one that this listing itself was read through is gone by now.
    const target = linkOfProc(`self/fd/${number}`);
    if (target !== undefined) targets.set(number, target);
  }
  return targets;
}
