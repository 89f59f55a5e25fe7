import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Measures by how much this process has grown since, at its highest: answers MiB. Linux is asked for
 * the high-water mark of these very pages, which begins anew each time; `maxRSS` would begin at what
 * the parent had. Elsewhere that has to do.
 */
export function memoryGrowth(): () => number {
  try {
    // Begins the high-water mark anew (proc_pid_clear_refs(5)).
    writeFileSync('/proc/self/clear_refs', '5');
    const before = highWaterKib();
    return () => (highWaterKib() - before) / 1024;
  } catch {
    const before = process.resourceUsage().maxRSS;
    return () => (process.resourceUsage().maxRSS - before) / 1024;
  }
}

function highWaterKib(): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kib);
}
