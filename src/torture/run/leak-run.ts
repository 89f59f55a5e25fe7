import type { Violation } from '../judge/verdict.ts';
import { LEAK_CYCLES_MIN } from '../leaks/rule.ts';
import type { LeakReport } from '../report/report.ts';
import { Pool } from './pool.ts';
import type { Job } from './protocol.ts';

/** A few more than it takes: what leaks in every third cycle shows too. */
const CYCLES = LEAK_CYCLES_MIN + 4;

/** Opens and closes a store over and over in a process of its own, and tells what that leaves. */
export async function seekLeaksIn(
  job: Job,
  dir: string,
  signal: AbortSignal | undefined,
): Promise<readonly LeakReport[]> {
  await using pool = new Pool('processes', 1);
  const [worker] = pool.take(1);
  if (worker === undefined) return [];
  const abort = () => void worker.kill();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const reply = await worker.ask({ type: 'leaks', job, cycles: CYCLES, dir });
    return reply.type === 'leaks' ? reply.leaks : [];
  } finally {
    signal?.removeEventListener('abort', abort);
    signal?.throwIfAborted();
  }
}

export function leakViolation(leak: LeakReport): Pick<Violation, 'invariant' | 'message'> {
  const { what, perCycle, names } = leak;
  const unit = what === 'memory' ? ' bytes of memory' : ` ${what}`;
  const left = names.length > 0 ? `: ${names.join(', ')}` : '';
  const message = `each cycle of opening, working and closing leaves ${perCycle.toFixed(1)}${unit}${left}`;
  return { invariant: 'no-leak', message };
}
