import { relative } from 'node:path';
import { lockHolders } from '../stall/locks.ts';
import type { Stack } from '../stall/stacks.ts';
import { waitCycle } from '../stall/wait-cycle.ts';

/** Frames of a stack, innermost first, that say where it hangs. */
const FRAMES_MAX = 6;

/** What a worker is at, for a report. */
export function stackLines(worker: number, stack: Stack): readonly string[] {
  const calls = stack.calls.map(({ name, target }) => (target ? `${name} ${target}` : name));
  const what = [...new Set([...stack.pending, ...calls])].slice(0, FRAMES_MAX).join(', ');
  const head = `worker ${worker} is in: ${stack.where}${what ? ` (${what})` : ''}`;
  return [head, ...stack.frames.slice(0, FRAMES_MAX).map((frame) => `    ${frame}`)];
}

/** Kernel locks on the files of a store: who holds which, who waits, and whether in a ring. */
export function lockLines(dir: string): readonly string[] {
  const locks = lockHolders(dir);
  const lines = locks.map(({ path, pid, kind, isWaiting }) => {
    const who = pid === undefined ? 'somebody' : `process ${pid}`;
    return `${who} ${isWaiting ? 'waits for' : 'holds'} ${relative(dir, path)} (${kind})`;
  });
  const ring = waitCycle(locks);
  if (ring === undefined) return lines;
  const files = ring.map(({ path }) => relative(dir, path)).join(', ');
  return [...lines, `processes wait for each other in a ring: ${files}`];
}
