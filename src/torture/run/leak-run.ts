import { HoldfastError } from '../../errors.ts';
import type { Violation } from '../judge/verdict.ts';
import { LEAK_CYCLES_MIN } from '../leaks/rule.ts';
import type { LeakReport } from '../report/report.ts';
import { Pool } from './pool.ts';
import type { Job } from './protocol.ts';

/** A few more than it takes: what leaks in every third cycle shows too. */
const CYCLES = LEAK_CYCLES_MIN + 4;

export interface LeakFindings {
  readonly leaks: readonly LeakReport[];
  /** Why nothing could be found out. */
  readonly doubt: string | undefined;
}

/**
 * Opens and closes a store over and over in a process of its own, and tells what that leaves. One
 * client alone may wait for ever for what another one would do, and that is no fault.
 * @throws the reason of the signal
 */
export async function seekLeaksIn(
  job: Job,
  dir: string,
  { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal | undefined },
): Promise<LeakFindings> {
  await using pool = new Pool('processes', 1);
  const [worker] = pool.take(1);
  if (worker === undefined) return { leaks: [], doubt: undefined };
  const end = () => void worker.kill();
  const startedAt = performance.now();
  const timer = setTimeout(end, limitMs);
  signal?.addEventListener('abort', end, { once: true });
  try {
    const reply = await worker.ask({ type: 'leaks', job, cycles: CYCLES, dir });
    return { leaks: reply.type === 'leaks' ? reply.leaks : [], doubt: undefined };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const isLate = performance.now() - startedAt >= limitMs;
    const reason = isLate ? `that took longer than ${Math.round(limitMs)} ms` : error.message;
    return { leaks: [], doubt: `leaks could not be looked for: ${reason}` };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
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
