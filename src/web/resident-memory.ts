import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { OwnerRecord } from '../tasks.ts';

/** Finer differences are of no interest and would be sent each second. */
const STEP_BYTES = 1 << 20;

/** Memory that an owner's process has in RAM; null for one that is dead, elsewhere or not on Linux. */
export function residentBytes(owner: OwnerRecord): number | null {
  if (owner.state === 'dead' || owner.host !== hostname()) return null;
  try {
    const status = readFileSync(`/proc/${owner.pid}/status`, 'latin1');
    const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1];
    if (kibibytes === undefined) return null;
    return Math.round((Number(kibibytes) * 1024) / STEP_BYTES) * STEP_BYTES;
  } catch {
    return null;
  }
}
